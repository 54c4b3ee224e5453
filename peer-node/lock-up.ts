/**
 * Ends the process when its main thread is stuck. libdatachannel 0.24.5 can lock up inside native code (its
 * issue #1630): then no timer fires, no signal handler runs and Ctrl-C does nothing. The main thread counts
 * in shared memory; a thread that knows no libdatachannel looks whether it still does.
 */
import { Worker } from "node:worker_threads";
import { isTerminal, leaveScreen } from "./screen.ts";

/** No part of a peer's main thread computes for seconds: training has a thread of its own. */
const limitMs = 30_000;
const tickMs = 1_000;

export interface LockUpData {
  readonly beats: Int32Array;
  readonly limitMs: number;
  readonly tickMs: number;
  /** For standard output, where a screen may be in the way of the last words. */
  readonly leaving: string;
  readonly lastWords: string;
}

/** Returns what ends the watch. */
export function watchForLockUp(
  limits: { readonly limitMs: number; readonly tickMs: number } = { limitMs, tickMs },
): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const seconds = limits.limitMs / 1000;
  const lastWords = `shoal: this process was stuck for ${seconds} s and has ended itself: start it again (WebRTC in Node can lock up; --webrtc wrtc is another one)\n`;
  const timer = setInterval(() => Atomics.add(beats, 0, 1), limits.tickMs / 2).unref();
  const leaving = isTerminal(process.stdout) ? leaveScreen : "";
  const workerData: LockUpData = { beats, ...limits, leaving, lastWords };
  const worker = new Worker(new URL("lock-up-thread.js", import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  // Without it nobody watches, which is how it was before: no reason to end a training.
  worker.on("error", () => clearInterval(timer));
  return () => {
    clearInterval(timer);
    void worker.terminate();
  };
}
