/** A machine that is slow, a line that is thin, clocks that are wrong. */
import { pause } from "../../../test/labs/real-time.ts";
import type { RunningPeer } from "../../../test/labs/training-run.ts";
import { shiftedClock } from "../preload.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import { accuracyLost, cycle, epochOf, longestWait, now, warmedUp } from "../watching.ts";

const peers = 4;

/** The others' pace with the fault, once they know of it, against their pace before, in the same run. */
async function slowedDown(
  { size }: Chaos,
  others: readonly RunningPeer[],
  begin: () => void,
): Promise<readonly Check[]> {
  const [beforeMs, learnMs, afterMs] = size === "full" ? [15_000, 10_000, 30_000] : [4_000, 8_000, 6_000];
  const startMs = now();
  await pause(beforeMs);
  const before = cycle(others, startMs, now(), 0.5);
  const faultMs = now();
  begin();
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

/** A stopped process does nothing, so a processor that stands still for nine tenths of the time is 10 times slower. */
function slowDown(peer: RunningPeer, { onMs, offMs }: { onMs: number; offMs: number }): () => void {
  let timer: NodeJS.Timeout;
  const off = () => {
    peer.child.kill("SIGSTOP");
    timer = setTimeout(on, offMs);
  };
  const on = () => {
    peer.child.kill("SIGCONT");
    timer = setTimeout(off, onMs);
  };
  off();
  return () => clearTimeout(timer);
}

const slowProcessor: Row = {
  name: "slow-processor",
  what: {
    full: "1 of 4 peers gets a tenth of its processor: it stands still for 18 of every 20 ms",
    short: "1 of 4 peers gets a tenth of its processor: it stands still for 18 of every 20 ms",
  },
  repeats: { full: 5, short: 1 },
  seconds: { full: 65, short: 20 },
  async run(chaos) {
    // Enough to learn in a round that standing still for a moment is not what is measured.
    const run = await chaos.start({ task: endlessTask(peers, { samplesPerRound: 256 }), peers });
    await warmedUp(run);
    const [victim, ...others] = run.peers;
    return slowedDown(chaos, others, () => {
      if (victim) chaos.after(slowDown(victim, { onMs: 2, offMs: 18 }));
    });
  },
};

const slowUplink: Row = {
  name: "slow-uplink",
  what: {
    full: "of 4 peers that can send 2 MB/s each, one can send 200 kB/s only",
    short: "of 4 peers that can send 2 MB/s each, one can send 200 kB/s only",
  },
  needs: "kernel lab",
  repeats: { full: 5, short: 1 },
  seconds: { full: 70, short: 25 },
  async run(chaos) {
    const lab = await chaos.openLab(peers);
    lab.rate(2_000_000);
    const run = await chaos.start({ task: endlessTask(peers), peers, lab });
    await warmedUp(run);
    return slowedDown(chaos, run.peers.slice(1), () => lab.rate(200_000, 0));
  },
};

const hour = 3_600;
const clocks = [shiftedClock(hour), shiftedClock(-hour), shiftedClock(hour, 2), {}];

const wrongClocks: Row = {
  name: "clocks",
  what: {
    full: "of 4 peers one's clock is an hour ahead, one's an hour behind, one's jumps between the two every 2 s",
    short:
      "of 4 peers one's clock is an hour ahead, one's an hour behind, one's jumps between the two every 2 s",
  },
  repeats: { full: 5, short: 1 },
  seconds: { full: 50, short: 30 },
  async run(chaos) {
    const task = finishingTask(chaos.size, { rounds: { full: 1_000, short: 400 }, minPeers: peers });
    const unharmed = await chaos.unharmed(task, peers);
    const envOf = (node: number | "server") => (node === "server" ? {} : (clocks[node] ?? {}));
    const run = await chaos.start({ task, peers, envOf });
    await warmedUp(run);
    const [epoch, atMs] = [Math.max(...run.peers.map(epochOf)), now()];
    const accuracy = await accuracyLost(run.peers, unharmed, 180_000);
    return [
      {
        what: "views because of it",
        unit: "",
        measured: Math.max(...run.peers.map(epochOf)) - epoch,
        most: 0,
      },
      longestWait(run.peers, atMs),
      accuracy,
    ];
  },
};

export const slownessRows: readonly Row[] = [slowProcessor, slowUplink, wrongClocks];
