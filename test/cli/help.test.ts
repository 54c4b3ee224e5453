import assert from "node:assert/strict";
import { test } from "node:test";
import { commandNames } from "../../peer-node/commands.ts";
import { run } from "./command.ts";

void test("the help shows examples first, then commands, options and exit codes", async (t) => {
  const { code, stdout, stderr } = await run(t);
  assert.deepEqual([code, stderr], [0, ""]);
  const order = ["Examples", "Commands", "Options", "Exit codes"].map((title) =>
    stdout.indexOf(`\n${title}\n`),
  );
  assert.ok(
    order.every((at, index) => at > (order[index - 1] ?? 0)),
    stdout,
  );
  assert.equal((await run(t, "--help")).stdout, stdout);
});

for (const name of commandNames) {
  void test(`shoal help ${name} and shoal ${name} --help say the same`, async (t) => {
    const [asked, flagged] = await Promise.all([run(t, "help", name), run(t, name, "--help")]);
    assert.deepEqual([asked.code, flagged.code], [0, 0]);
    assert.equal(asked.stdout, flagged.stdout);
    assert.ok(asked.stdout.indexOf("Examples") < asked.stdout.indexOf("Options"));
    assert.ok(asked.stdout.split("\n").every((line) => line.length <= 100));
  });
}

void test("options for shoal's own processes are not in the help", async (t) => {
  assert.doesNotMatch((await run(t, "join", "--help")).stdout, /exit-with-parent/);
});

void test("join --loss says that one peer alone loses nothing", async (t) => {
  assert.match((await run(t, "join", "--help")).stdout, /--loss .*give it to every peer of the room$/m);
});

void test("--version is one line", async (t) => {
  assert.match((await run(t, "--version")).stdout, /^\d+\.\d+\.\d+\n$/);
});
