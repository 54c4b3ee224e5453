/** A hundred checkpoints that are torn or damaged: none is loaded, and the one before is (damage.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { damageCheckpoints, killWriters } from "./damage.ts";

const seed = 6;
const damaged = 88;
const killed = 12;

test(`of ${damaged} damaged checkpoints none is loaded, and the one before is whole (seed ${seed})`, async (t) => {
  const { faults, loaded, previousWhole } = await damageCheckpoints(t, { count: damaged, seed });
  assert.deepEqual({ faults, loaded, previousWhole }, { faults: [], loaded: 0, previousWhole: damaged });
});

test(`${killed} programs killed while they write leave whole checkpoints`, async (t) => {
  const figures = await killWriters(t, { count: killed, seed });
  const { faults, loaded, previousWhole, written, unfinished } = figures;
  t.diagnostic(`${written} checkpoints written, ${unfinished} found unfinished`);
  assert.deepEqual({ faults, loaded, previousWhole }, { faults: [], loaded: 0, previousWhole: killed });
  assert.equal(figures.filesLeft, 6, "what was left unfinished goes with the old ones");
});
