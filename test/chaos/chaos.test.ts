/**
 * The fault table's rows that tell most, in short: real processes, real faults, the bars of the full table. Of what
 * else it has, some is tested the same way beside this: packets, events and checkpoints (core/malformed, server/fuzz,
 * checkpoints/damage), simulated liars (simulation/attacks).
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMet } from "../../bench/chaos/row.ts";
import { rows } from "../../bench/chaos/rows/all.ts";
import { createUnharmed, runRow } from "../../bench/chaos/run-row.ts";
import { inWords } from "../../bench/chaos/table.ts";
import { needsKernelLab } from "../needs.ts";

const seed = 1;
/**
 * One after the other: beside eight that train nobody's seconds say what a fault costs. Those that train to the end
 * share the run without faults.
 */
const names = ["kill-half", "link-dark", "server-away", "stop-quarter", "sockets-restart", "checkpoints"];

const unharmed = createUnharmed(() => {});

describe("faults in short", () => {
  for (const name of names) holdsItsBars(name);
});

function holdsItsBars(name: string): void {
  const row = rows.find((it) => it.name === name);
  assert.ok(row, `${name} is a row of the fault table`);
  const skip = row.needs ? needsKernelLab() : false;
  test(`${name}: ${row.what.short}`, { skip, timeout: 150_000 }, async (t) => {
    const say = (text: string) => t.diagnostic(text);
    const { checks, failed } = await runRow(row, { size: "short", seed, unharmed, say });
    for (const check of checks) t.diagnostic(inWords(check));
    assert.equal(failed, undefined);
    assert.deepEqual(checks.filter((check) => !isMet(check)).map(inWords), []);
  });
}
