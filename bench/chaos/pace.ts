/** How much somebody's slowness costs the others, and processes that are made slow. */
import { pause } from "../../test/labs/real-time.ts";
import type { RunningPeer } from "../../test/labs/training-run.ts";
import type { Chaos, Check } from "./row.ts";
import { cycle, longestWait, now } from "./watching.ts";

/** The others' pace with the fault, once they know of it, against their pace before, in the same run. */
export async function slowedDown(
  { size }: Chaos,
  others: readonly RunningPeer[],
  begin: () => void | Promise<void>,
): Promise<readonly Check[]> {
  const [beforeMs, learnMs, afterMs] = size === "full" ? [15_000, 10_000, 30_000] : [4_000, 8_000, 6_000];
  const startMs = now();
  await pause(beforeMs);
  const before = cycle(others, startMs, now(), 0.5);
  const faultMs = now();
  await begin();
  await pause(learnMs);
  const knownMs = now();
  await pause(afterMs);
  const after = cycle(others, knownMs, now(), 0.5);
  return [
    {
      what: "a round of the others, with it against without",
      unit: "times",
      measured: after / before,
      most: 1.1,
    },
    { what: "a round of the others without it, median", unit: "ms", measured: before },
    longestWait(others, faultMs),
  ];
}

/**
 * A stopped process does nothing, so one that stands still for 18 of every 20 ms is ten times slower. On a busy
 * machine we are late to stop it: then it stands still for nine times as long as it went on.
 * @param send gives the process a signal
 * @returns what ends it
 */
export function slowDown(send: (signal: NodeJS.Signals) => void): () => void {
  let timer: NodeJS.Timeout;
  let goesSinceMs = now();
  const off = () => {
    send("SIGSTOP");
    timer = setTimeout(on, 9 * Math.max(2, now() - goesSinceMs));
  };
  const on = () => {
    send("SIGCONT");
    goesSinceMs = now();
    timer = setTimeout(off, 2);
  };
  off();
  return () => {
    clearTimeout(timer);
    send("SIGCONT");
  };
}
