/** A main thread that is stuck in native code hears no signal and no timer: something else must end the process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { lockUpSignal } from "../../peer-node/exit-codes.ts";
import { pause, within } from "../labs/real-time.ts";

const limitMs = 1_000;

function startChild(t: TestContext, does: "block" | "work") {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("lock-up-child.js", import.meta.url)), String(limitMs), does],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
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

test("a process whose main thread is stuck says so and ends, though Ctrl-C does nothing", async (t) => {
  const stuck = startChild(t, "block");
  await stuck.isGoingOn;
  const startedMs = performance.now();
  stuck.child.kill("SIGINT");
  const { signal, stderr } = await stuck.end();
  assert.equal(signal, lockUpSignal);
  assert.match(stderr, /^shoal: this process was stuck for 1 s and has ended itself: .*\n$/);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs > 0.8 * limitMs && tookMs < 5 * limitMs, `after ${tookMs} ms`);
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
