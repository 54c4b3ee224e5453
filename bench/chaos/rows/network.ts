/** Paths that go dark, silently. */
import { pause } from "../../../test/labs/real-time.ts";
import type { KernelLab } from "../../../test/labs/kernel.ts";
import type { Traffic } from "../../../test/labs/darkness.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import {
  accuracyLost,
  epochOf,
  longestPause,
  longestWait,
  now,
  outOfView,
  warmedUp,
  wholeAgain,
} from "../watching.ts";

const peers = 4;

/** Between all of `left` and all of `right`, each pair once. */
function cut(
  lab: KernelLab,
  left: readonly (number | "server")[],
  right: readonly (number | "server")[],
  traffic: Traffic,
): () => void {
  const mends = left.flatMap((a) => right.map((b) => lab.sever(a, b, traffic)));
  return () => mends.forEach((mend) => mend());
}

const whole = (measured: number): Check => ({
  what: "one view and whole rounds again, after the network is back",
  unit: "s",
  measured,
  most: 10,
});

const linkDark: Row = {
  name: "link-dark",
  what: {
    full: "one of 6 links goes dark for ever, early in the training of 4 peers",
    short: "one of 6 links goes dark for ever, early in the training of 4 peers",
  },
  needs: "kernel lab",
  repeats: { full: 5, short: 1 },
  seconds: { full: 60, short: 35 },
  async run(chaos) {
    const task = finishingTask(chaos.size, { rounds: { full: 1_500, short: 200 }, minPeers: peers });
    const unharmed = await chaos.unharmed(task, peers);
    const lab = await chaos.openLab(peers);
    const run = await chaos.start({ task, peers, lab });
    await warmedUp(run);
    const a = chaos.rng.below(peers);
    const b = (a + 1 + chaos.rng.below(peers - 1)) % peers;
    const atMs = now();
    lab.sever(a, b, "udp");
    const accuracy = await accuracyLost(run.peers, unharmed, 240_000);
    const seconds: Check = { what: "the training went on for", unit: "s", measured: (now() - atMs) / 1_000 };
    return [seconds, longestWait(run.peers, atMs), accuracy];
  },
};

/** The server is reached all the while. */
function allDark(seconds: number): Row {
  const words = `all links between 4 peers are dark for ${seconds} s; the server is still reached`;
  return {
    name: `all-dark-${seconds}`,
    what: { full: words, short: words },
    needs: "kernel lab",
    repeats: { full: 3, short: 1 },
    seconds: { full: seconds + 25, short: seconds + 25 },
    async run(chaos) {
      const lab = await chaos.openLab(peers);
      const run = await chaos.start({ task: endlessTask(peers), peers, lab });
      await warmedUp(run);
      const atMs = now();
      const mends = [0, 1, 2].map((a) => {
        const later = [1, 2, 3].filter((b) => b > a);
        return cut(lab, [a], later, "udp");
      });
      await pause(seconds * 1_000);
      for (const mend of mends) mend();
      const backMs = now();
      return [whole(await wholeAgain(run.peers, backMs)), longestWait(run.peers, atMs)];
    },
  };
}

const partition: Row = {
  name: "partition",
  what: {
    full: "4 peers fall apart into two pairs for 30 s, one of them without the server; then all is well again",
    short:
      "4 peers fall apart into two pairs for 14 s, one of them without the server; then all is well again",
  },
  needs: "kernel lab",
  repeats: { full: 5, short: 1 },
  seconds: { full: 65, short: 45 },
  async run(chaos) {
    const lab = await chaos.openLab(peers);
    const run = await chaos.start({ task: endlessTask(peers), peers, lab });
    await warmedUp(run);
    const atMs = now();
    const mend = cut(lab, ["server", 0, 1], [2, 3], "all");
    await pause(chaos.size === "full" ? 30_000 : 14_000);
    const backMs = now();
    const paused = longestPause(run.peers, atMs, backMs);
    mend();
    return [
      { what: "longest time without a round, on either side", unit: "s", measured: paused, most: 12 },
      longestWait(run.peers, atMs),
      whole(await wholeAgain(run.peers, backMs)),
    ];
  },
};

/** A training in the kernel lab that goes on, and the one peer that something will be done to. */
async function startWithVictim(chaos: Chaos) {
  const lab = await chaos.openLab(peers);
  const run = await chaos.start({ task: endlessTask(peers), peers, lab });
  await warmedUp(run);
  const victim = chaos.rng.below(peers);
  return { lab, run, victim, others: run.peers.filter((_, node) => node !== victim) };
}

const halfOpen: Row = {
  name: "half-open",
  what: {
    full: "nothing passes between 1 of 4 peers and the server any more, silently, for 30 s",
    short: "nothing passes between 1 of 4 peers and the server any more, silently, for 14 s",
  },
  needs: "kernel lab",
  repeats: { full: 5, short: 1 },
  seconds: { full: 65, short: 45 },
  async run(chaos) {
    const { lab, run, victim, others } = await startWithVictim(chaos);
    const [epoch, atMs] = [Math.max(...run.peers.map(epochOf)), now()];
    const mend = lab.sever(victim, "server", "all");
    const out = await outOfView(others, epoch, atMs);
    await pause(Math.max(0, atMs + (chaos.size === "full" ? 30_000 : 14_000) - now()));
    mend();
    const backMs = now();
    return [out, longestWait(others, atMs), whole(await wholeAgain(run.peers, backMs))];
  },
};

const networkSwitch: Row = {
  name: "network-switch",
  what: {
    full: "1 of 4 peers changes its network: no address for 1 s, then another one",
    short: "1 of 4 peers changes its network: no address for 1 s, then another one",
  },
  needs: "kernel lab",
  repeats: { full: 5, short: 1 },
  seconds: { full: 30, short: 25 },
  async run(chaos) {
    const { lab, run, victim, others } = await startWithVictim(chaos);
    const atMs = now();
    const arrive = lab.moveAway(victim);
    await pause(1_000);
    arrive();
    const backMs = now();
    const back = whole(await wholeAgain(run.peers, backMs));
    return [
      { ...back, what: "it trains again, in whole rounds with the others, after it has the new one" },
      { what: "longest time without a round of the others", unit: "s", measured: longestPause(others, atMs) },
      longestWait(others, atMs),
    ];
  },
};

export const networkRows: readonly Row[] = [
  linkDark,
  allDark(3),
  allDark(10),
  allDark(60),
  partition,
  halfOpen,
  networkSwitch,
];
