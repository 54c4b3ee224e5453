/**
 * The thread that watches the main one (lock-up.ts). It counts in its own ticks: a process that was
 * suspended (Ctrl-Z, a lid that was closed) comes back to one late tick, not to a minute of silence.
 */
import { write } from "node:fs";
import { workerData } from "node:worker_threads";
import { lockUpSignal } from "./exit-codes.ts";
import type { LockUpData } from "./lock-up.ts";

const { beats, limitMs, tickMs, leaving, lastWords }: LockUpData = workerData;
/** A terminal that was stopped (Ctrl-S), or that nobody reads, must not keep the process from ending. */
const lastWordsMs = 1_000;
/** Nobody ever wakes this one: a wait on it is a pause. */
const never = new Int32Array(new SharedArrayBuffer(4));
let seen = Atomics.load(beats, 0);
let silentTicks = 0;
let isSaid = false;

while (silentTicks * tickMs < limitMs) {
  Atomics.wait(never, 0, 0, tickMs);
  const now = Atomics.load(beats, 0);
  silentTicks = now === seen ? silentTicks + 1 : 0;
  seen = now;
}

setTimeout(end, lastWordsMs);
// Told or not: a terminal may be gone. One that was stopped keeps no file waiting for the last words.
write(1, leaving, say);
setTimeout(say, lastWordsMs / 2);

function say(): void {
  if (!isSaid) write(2, lastWords, end);
  isSaid = true;
}

/** A worker can't end its process; a signal that nobody handles can. */
function end(): void {
  try {
    process.kill(process.pid, lockUpSignal);
  } catch {
    process.kill(process.pid, "SIGKILL"); // Windows knows no other
  }
}
