import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { run, temporaryFile } from "./command.ts";

const small = ["simulate", "--peers", "4", "--rounds", "20", "--loss", "0.2"];

void test("simulate prints a table and writes the same figures as JSON", async (t) => {
  const file = temporaryFile(t, "figures.json", "");
  const { code, stdout } = await run(t, ...small, "--json", file);
  assert.equal(code, 0);
  assert.match(stdout, /^4 peers, 20 rounds of rps, 20\.0 % loss/);
  const { rows, options } = JSON.parse(readFileSync(file, "utf8"));
  assert.equal(options.weather.loss, 0.2);
  assert.match(stdout, new RegExp(`^ +20 +${rows.at(-1).loss.toFixed(4)} `, "m"));
});

void test("two rounds are enough to count something", async (t) => {
  const { stdout } = await run(t, "simulate", "--peers", "4", "--rounds", "2", "--loss", "0");
  assert.match(stdout, /^fragments +[1-9]\d* delivered \(100\.00 %\); lost 0, late 0,/m);
});

void test("every rule can be simulated, and parity leaves less lost", async (t) => {
  const lostOf = async (...more: string[]) => {
    const { code, stdout } = await run(t, ...small, ...more);
    assert.equal(code, 0, stdout);
    return Number(/lost ([\d,]+)/.exec(stdout)?.[1]?.replaceAll(",", ""));
  };
  const [sums, plain, parity, both] = await Promise.all([
    lostOf("--averaging", "running-sums", "--dead", "1", "--notice", "300"),
    lostOf(),
    lostOf("--parity", "0.5"),
    lostOf("--averaging", "running-sums", "--parity", "0.5"),
  ]);
  assert.ok(sums > 0 && parity < 0.8 * plain && both < 0.8 * plain, `${sums} ${plain} ${parity} ${both}`);
  const { code, stderr } = await run(t, ...small, "--averaging", "reliable", "--parity", "0.5");
  assert.equal(code, 2);
  assert.match(stderr, /--parity \(0\.5\): reliable averaging loses nothing/);
});

void test("--dead: the last peers vanish at a third of the run, the others go on", async (t) => {
  const file = temporaryFile(t, "figures.json", "");
  const { code, stdout } = await run(t, ...small, "--dead", "2", "--json", file);
  assert.equal(code, 0, stdout);
  const { rows, options, drops } = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(options.deaths, [
    { peer: 2, round: 6 },
    { peer: 3, round: 6 },
  ]);
  assert.equal(rows.at(-1).round, 20);
  assert.ok(drops.lost > 0);
});

void test("the same seed gives the same table, another seed another one", async (t) => {
  const [first, again, other] = await Promise.all(
    ["1", "1", "2"].map((seed) => run(t, ...small, "--seed", seed)),
  );
  assert.equal(first?.stdout, again?.stdout);
  assert.notEqual(first?.stdout, other?.stdout);
});
