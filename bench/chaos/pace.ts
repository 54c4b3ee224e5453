/** How much somebody's slowness costs the others, and processes that are made slow. */
import { pause } from "../../test/labs/real-time.ts";
import type { RunningPeer } from "../../test/labs/training-run.ts";
import type { Chaos, Check } from "./row.ts";
import { cycle, longestWait, now, roundsBetween } from "./watching.ts";

/**
 * Of the others' rounds, in percent. Who is ten times slower can be in one of ten at best, and in fewer where they go
 * faster without it; who is in next to none has been given up for good.
 */
const leastShare = 1;

/**
 * The others' pace with the fault, once they know of it, against their pace before, in the same run; and whether the
 * `slow` one still takes part.
 */
export async function slowedDown(
  { size }: Chaos,
  others: readonly RunningPeer[],
  begin: () => void | Promise<void>,
  slow?: RunningPeer,
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
  const endMs = now();
  const after = cycle(others, knownMs, endMs, 0.5);
  const rounds = (peer: RunningPeer) => roundsBetween(peer, knownMs, endMs);
  return [
    {
      what: "a round of the others, with it against without",
      unit: "times",
      measured: after / before,
      most: 1.1,
    },
    { what: "a round of the others without it, median", unit: "ms", measured: before },
    longestWait(others, faultMs),
    ...(slow
      ? [
          {
            what: "rounds that the slow one averages in meanwhile, of the others'",
            unit: "%",
            measured: (100 * rounds(slow)) / Math.max(...others.map(rounds)),
            least: leastShare,
          },
        ]
      : []),
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
