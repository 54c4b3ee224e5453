/** A machine that is slow, a line that is thin, clocks that are wrong. */
import { slowDown, slowedDown } from "../pace.ts";
import { shiftedClock } from "../preload.ts";
import type { Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import { accuracyLost, epochOf, longestWait, now, warmedUp } from "../watching.ts";

const peers = 4;

const slowProcessor: Row = {
  name: "slow-processor",
  version: 4,
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
    const begin = () => {
      if (victim) chaos.after(slowDown((signal) => victim.child.kill(signal)));
    };
    return slowedDown(chaos, others, begin, victim);
  },
};

const slowUplink: Row = {
  name: "slow-uplink",
  version: 3,
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
    const [victim, ...others] = run.peers;
    return slowedDown(chaos, others, () => lab.rate(200_000, 0), victim);
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
