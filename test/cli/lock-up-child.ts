/** A process with a screen and a log whose main thread gets stuck when told to, or only works (lock-up.test.ts). */
import { spawnSync } from "node:child_process";
import { watchForLockUp } from "../../peer-node/lock-up.ts";
import { createScreen, isTerminal } from "../../peer-node/screen.ts";
import { steadyLines } from "../../peer-node/steady-output.ts";

const limitMs = Number(process.argv[2]);
const does = process.argv[3];
const startedMs = performance.now();
watchForLockUp({ limitMs, tickMs: limitMs / 10 });
process.on("SIGINT", () => {}); // as `shoal join` does: to a stuck thread it means nothing
setTimeout(() => {
  if (isTerminal(process.stdout)) {
    const frame = () => [`going on for ${Math.round(performance.now() - startedMs)} ms`];
    createScreen(process.stdout, frame);
    const lines = steadyLines(process.stderr);
    setInterval(() => lines.write("a line\n"), limitMs / 20);
  } else process.stdout.write("going on\n");
}, limitMs / 5);
/** Once the terminal has been stopped, on a busy machine too. */
const blockMs = isTerminal(process.stdout) ? 4 * limitMs : limitMs / 4;
setTimeout(() => {
  if (does === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (does === "block in native code") spawnSync("sleep", ["60"]);
}, blockMs);
/** So long that a terminal which is stopped late has been stopped for a while. */
const lifeMs = isTerminal(process.stdout) ? 8 * limitMs : 3 * limitMs;
setTimeout(() => process.exit(0), lifeMs);
