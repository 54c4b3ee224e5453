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

void test("the same seed gives the same table, another seed another one", async (t) => {
  const [first, again, other] = await Promise.all(
    ["1", "1", "2"].map((seed) => run(t, ...small, "--seed", seed)),
  );
  assert.equal(first?.stdout, again?.stdout);
  assert.notEqual(first?.stdout, other?.stdout);
});
