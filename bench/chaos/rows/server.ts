/** The signaling server dies under a training. */
import { pause } from "../../../test/labs/real-time.ts";
import type { TrainingRun } from "../../../test/labs/training-run.ts";
import type { Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import {
  accuracyLost,
  becomes,
  epochOf,
  longestPause,
  longestWait,
  newest,
  now,
  roundsLost,
  warmedUp,
} from "../watching.ts";

const lost = (measured: number, when: string): Check => ({
  what: `rounds lost ${when}`,
  unit: "",
  measured,
  most: 0,
});

const away: Row = {
  name: "server-away",
  version: 2,
  what: {
    full: "SIGKILL to the signaling server; another one, which knows nothing, takes its place after 60 s",
    short: "SIGKILL to the signaling server; another one, which knows nothing, takes its place after 10 s",
  },
  repeats: { full: 5, short: 1 },
  seconds: { full: 80, short: 25 },
  async run(chaos) {
    const peers = 4;
    const run = await chaos.start({ task: endlessTask(peers), peers });
    await warmedUp(run);
    const atMs = now();
    await run.killServer();
    await pause(chaos.size === "full" ? 60_000 : 10_000);
    const backMs = now();
    const paused = longestPause(run.peers, atMs, backMs);
    const epoch = Math.max(...run.peers.map(epochOf));
    await run.restartServer();
    const listeningMs = now();
    const agree = () =>
      run.peers.every((peer) => epochOf(peer) > epoch) && new Set(run.peers.map(epochOf)).size === 1;
    const agreedMs = await becomes(agree, 30_000);
    const members = run.peers.slice();
    const newcomer = chaos.size === "full" ? [await newcomerTrains(run)] : [];
    return [
      lost(roundsLost(members, atMs, agreedMs), "until views agree again"),
      { what: "longest time without a round", unit: "s", measured: paused },
      longestWait(members, atMs),
      {
        what: "views agree after its return",
        unit: "s",
        measured: (agreedMs - listeningMs) / 1_000,
        most: 10,
      },
      ...newcomer,
    ];
  },
};

async function newcomerTrains(run: TrainingRun): Promise<Check> {
  const [newcomer, atMs] = [run.join(0), now()];
  const trainsMs = await becomes(() => newest(newcomer) !== undefined, 30_000);
  return { what: "a newcomer trains after", unit: "s", measured: (trainsMs - atMs) / 1_000, most: 20 };
}

const gone: Row = {
  name: "server-gone",
  what: {
    full: "SIGKILL to the signaling server for ever, early in the training of 4 peers",
    short: "SIGKILL to the signaling server for ever, early in the training of 4 peers",
  },
  repeats: { full: 5, short: 1 },
  seconds: { full: 40, short: 25 },
  async run(chaos) {
    const peers = 4;
    const task = finishingTask(chaos.size, { rounds: { full: 1_500, short: 300 }, minPeers: peers });
    const unharmed = await chaos.unharmed(task, peers);
    const run = await chaos.start({ task, peers });
    await warmedUp(run);
    const atMs = now();
    await run.killServer();
    const accuracy = await accuracyLost(run.peers, unharmed, 180_000);
    return [
      lost(roundsLost(run.peers, atMs, now()), "while it was away"),
      longestWait(run.peers, atMs),
      accuracy,
    ];
  },
};

export const serverRows: readonly Row[] = [away, gone];
