/** Peers that vanish without a word, or stand still. */
import { pause } from "../../../test/labs/real-time.ts";
import type { RunningPeer, TrainingRun } from "../../../test/labs/training-run.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import {
  accuracyLost,
  becomes,
  epochOf,
  longestWait,
  newest,
  now,
  outOfView,
  warmedUp,
} from "../watching.ts";

const isAlive = ({ child }: RunningPeer) => child.exitCode === null && child.signalCode === null;

/** `share` of the peers, drawn by chance. */
function draw(peers: readonly RunningPeer[], share: number, { rng }: Chaos): readonly RunningPeer[] {
  const left = [...peers];
  return Array.from({ length: Math.round(share * peers.length) }, () =>
    left.splice(rng.below(left.length), 1),
  ).flat();
}

/** The newest, -1 before the first. */
const roundOf = (peer: RunningPeer) => newest(peer)?.round ?? -1;

function killed(name: string, share: number): Row {
  const percent = `${100 * share} %`;
  return {
    name,
    what: {
      full: `SIGKILL to ${percent} of 8 peers at once, in any phase of a round`,
      short: `SIGKILL to ${percent} of 4 peers at once, in any phase of a round`,
    },
    repeats: { full: 10, short: 1 },
    seconds: { full: 60, short: 25 },
    async run(chaos) {
      const peers = chaos.size === "full" ? 8 : 4;
      const task = finishingTask(chaos.size, { rounds: { full: 400, short: 200 }, minPeers: peers });
      const unharmed = await chaos.unharmed(task, peers);
      const run = await chaos.start({ task, peers });
      await warmedUp(run);
      // More than a round takes: the phase is anybody's guess.
      await pause(1_000 * chaos.rng.float());
      const victims = draw(run.peers, share, chaos);
      const survivors = run.peers.filter((peer) => !victims.includes(peer));
      const [epoch, atMs] = [Math.max(...run.peers.map(epochOf)), now()];
      for (const { child } of victims) child.kill("SIGKILL");
      const out = await outOfView(survivors, epoch, atMs);
      const accuracy = await accuracyLost(survivors, unharmed, 180_000);
      return [out, longestWait(survivors, atMs), accuracy];
    },
  };
}

const stopped: Row = {
  name: "stop-quarter",
  what: {
    full: "SIGSTOP to 2 of 8 peers for 20 s: their sockets stay open, nothing answers",
    short: "SIGSTOP to 1 of 4 peers for 13 s: its socket stays open, nothing answers",
  },
  repeats: { full: 10, short: 1 },
  seconds: { full: 50, short: 25 },
  async run(chaos) {
    const [peers, stillMs] = chaos.size === "full" ? [8, 20_000] : [4, 13_000];
    const run = await chaos.start({ task: endlessTask(peers), peers });
    await warmedUp(run);
    await pause(1_000 * chaos.rng.float());
    const victims = draw(run.peers, 0.25, chaos);
    const survivors = run.peers.filter((peer) => !victims.includes(peer));
    const [epoch, atMs] = [Math.max(...run.peers.map(epochOf)), now()];
    for (const { child } of victims) child.kill("SIGSTOP");
    const out = await outOfView(survivors, epoch, atMs);
    await pause(Math.max(0, atMs + stillMs - now()));
    const [goneEpoch, backMs] = [Math.max(...survivors.map(epochOf)), now()];
    for (const { child } of victims) child.kill("SIGCONT");
    const areBack = () => run.peers.every((peer) => epochOf(peer) > goneEpoch);
    const back: Check = {
      what: "the stopped train again after SIGCONT",
      unit: "s",
      measured: ((await becomes(areBack, 30_000)) - backMs) / 1_000,
      most: 10,
    };
    return [out, longestWait(survivors, atMs), back];
  },
};

/** Everybody owns a block in every round, so whoever dies is an owner that others wait for. */
const owners: Row = {
  name: "owners",
  what: {
    full: "of 6 peers, the one that has trained longest is killed every 10 rounds and replaced, until the training ends",
    short:
      "of 4 peers, the one that has trained longest is killed every 20 rounds and replaced, until the training ends",
  },
  repeats: { full: 5, short: 1 },
  seconds: { full: 60, short: 30 },
  async run(chaos) {
    const [peers, every] = chaos.size === "full" ? [6, 10] : [4, 20];
    const task = finishingTask(chaos.size, { rounds: { full: 900, short: 500 }, minPeers: peers });
    const unharmed = await chaos.unharmed(task, peers);
    const run = await chaos.start({ task, peers });
    await warmedUp(run);
    const fromMs = now();
    const deaths = await killInTurn(run, { every, least: 3, rounds: task.rounds });
    const survivors = run.peers.filter((peer) => isAlive(peer) && roundOf(peer) >= 0);
    const accuracy = await accuracyLost(survivors, unharmed, 180_000);
    const count: Check = { what: "owners killed", unit: "", measured: deaths, least: 3 };
    return [count, longestWait(survivors, fromMs), accuracy];
  },
};

/** While there are enough that train, and not among the last rounds: somebody has to see the end. */
async function killInTurn(
  run: TrainingRun,
  plan: { readonly every: number; readonly least: number; readonly rounds: number },
): Promise<number> {
  let next = 0;
  for (let deaths = 0; ;) {
    const trainers = run.peers.filter((peer) => isAlive(peer) && roundOf(peer) >= 0);
    const round = Math.max(-1, ...trainers.map(roundOf));
    if (round > plan.rounds - 4 * plan.every || trainers.length === 0) return deaths;
    const [oldest] = trainers;
    if (oldest && round >= next && trainers.length > plan.least) {
      oldest.child.kill("SIGKILL");
      run.join(run.peers.length);
      next = round + plan.every;
      deaths += 1;
    }
    await pause(20);
  }
}

export const deathRows: readonly Row[] = [
  killed("kill-quarter", 0.25),
  killed("kill-half", 0.5),
  stopped,
  owners,
];
