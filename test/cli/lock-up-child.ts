/** A process whose main thread gets stuck when told to, or only works (lock-up.test.ts). */
import { watchForLockUp } from "../../peer-node/lock-up.ts";

const limitMs = Number(process.argv[2]);
const isToBlock = process.argv[3] === "block";
watchForLockUp({ limitMs, tickMs: limitMs / 10 });
process.on("SIGINT", () => {}); // as `shoal join` does: to a stuck thread it means nothing
setTimeout(() => {
  process.stdout.write("going on\n");
  if (isToBlock) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}, limitMs / 5);
setTimeout(() => process.exit(0), 3 * limitMs);
