/** A main thread that is stuck in native code hears no signal and no timer: something else must end the process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { lockUpSignal } from "../../peer-node/exit-codes.ts";
import { pause, within } from "../labs/real-time.ts";
import { needsTerminal } from "../needs.ts";
import { temporaryFile } from "./command.ts";

const limitMs = 1_000;

type Does = "block" | "block in native code" | "work";
const childArguments = (does: Does) => [
  fileURLToPath(new URL("lock-up-child.js", import.meta.url)),
  String(limitMs),
  does,
];

function startChild(t: TestContext, does: Does) {
  const child = spawn(process.execPath, childArguments(does), { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = once(child, "close");
  return {
    child,
    isGoingOn: within(10_000, "it starts", once(child.stdout, "data")),
    async end() {
      const [code, signal]: unknown[] = await within(10_000, "its end", closed);
      return { code, signal, stderr };
    },
  };
}

/** The same on a terminal, which is stopped as soon as there is a screen: its exit code, as a shell says it. `redirection`: of its standard error. */
async function onStoppedTerminal(
  t: TestContext,
  does: Does,
  redirection = "",
): Promise<{ code: unknown; shown: string }> {
  const command = [process.execPath, ...childArguments(does)].map((word) => `'${word}'`).join(" ");
  // `exec`: the terminal's program is the child itself.
  const terminal = spawn("script", ["-qefc", `exec ${command}${redirection}`, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, TERM: "xterm" },
  });
  t.after(() => terminal.kill("SIGKILL"));
  const closed = once(terminal, "close");
  let shown = "";
  let isStopped = false;
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    if (isStopped || !shown.includes("going on")) return;
    isStopped = true;
    terminal.stdin.write("\x13"); // Ctrl-S
  });
  const [code]: unknown[] = await within(30_000, "its end", closed);
  return { code, shown };
}

test(
  "a stopped terminal (Ctrl-S) stops no process, and keeps none that is stuck",
  { skip: needsTerminal() },
  async (t) => {
    const log = temporaryFile(t, "errors", "");
    const [working, stuck, logged] = await Promise.all([
      onStoppedTerminal(t, "work"),
      onStoppedTerminal(t, "block"),
      onStoppedTerminal(t, "block", ` 2>'${log}'`),
    ]);
    assert.deepEqual([working.code, stuck.code, logged.code], [0, 142, 142]);
    assert.match(readFileSync(log, "utf8"), /was stuck for 1 s and has ended itself/);
    for (const { shown } of [working, stuck, logged]) {
      assert.match(shown, /going on for \d+ ms/);
      // Of the last of its eight seconds: on a busy machine Ctrl-S may come seconds late.
      assert.doesNotMatch(shown, /going on for [7-9]\d{3} ms/, "nothing is shown once it is stopped");
    }
  },
);

test("a process that is stuck in native code says so, too", async (t) => {
  const stuck = startChild(t, "block in native code");
  const { signal, stderr } = await stuck.end();
  assert.equal(signal, lockUpSignal);
  assert.match(stderr, /was stuck for 1 s and has ended itself/);
});

test("a process whose main thread is stuck says so and ends, though Ctrl-C does nothing", async (t) => {
  const startedMs = performance.now();
  const stuck = startChild(t, "block");
  await stuck.isGoingOn;
  const goingOnMs = performance.now();
  stuck.child.kill("SIGINT");
  const { signal, stderr } = await stuck.end();
  assert.equal(signal, lockUpSignal);
  assert.match(stderr, /^shoal: this process was stuck for 1 s and has ended itself: .*\n$/);
  const endedMs = performance.now();
  // We may read late that it goes on, when it is stuck already.
  assert.ok(endedMs - startedMs > limitMs, `${endedMs - startedMs} ms after its start`);
  assert.ok(endedMs - goingOnMs < 5 * limitMs, `after ${endedMs - goingOnMs} ms`);
});

test("a process that was stopped for longer than the limit, and one that works, go on", async (t) => {
  const [stopped, working] = [startChild(t, "work"), startChild(t, "work")];
  await stopped.isGoingOn;
  stopped.child.kill("SIGSTOP");
  await pause(1.5 * limitMs);
  stopped.child.kill("SIGCONT");
  for (const each of [stopped, working])
    assert.deepEqual(await each.end(), { code: 0, signal: null, stderr: "" });
});
