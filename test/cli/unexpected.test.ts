/** An error of our own: one sentence for people, the stack for those who ask. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { shoal } from "./command.ts";

const failing = {
  "in a command": `process.stdout.write = () => { throw new Error("boom\\x1b[2J") }`,
  "between events": `process.stdout.write = () => setImmediate(() => { throw new Error("boom\\x1b[2J") })`,
};

function runFailing(code: string, env: NodeJS.ProcessEnv) {
  const preload = `data:text/javascript,${encodeURIComponent(code)}`;
  return spawnSync(process.execPath, ["--import", preload, shoal, "--version"], {
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 10_000,
  });
}

for (const [where, code] of Object.entries(failing)) {
  void test(`an unexpected error ${where} is one sentence and exit code 5`, () => {
    const { status, stderr } = runFailing(code, { SHOAL_DEBUG: "" });
    const sentence = "shoal: unexpected: boom\ufffd[2J: please report it, with SHOAL_DEBUG=1 for the stack\n";
    assert.deepEqual([status, stderr], [5, sentence]);
  });

  void test(`an unexpected error ${where} comes with its stack when SHOAL_DEBUG is set`, () => {
    const { status, stderr } = runFailing(code, { SHOAL_DEBUG: "1" });
    assert.equal(status, 5);
    assert.match(stderr, /^shoal: unexpected: .*\nError: boom[^\n]*\n +at /);
  });
}
