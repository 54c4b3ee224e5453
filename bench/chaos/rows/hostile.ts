/** Who speaks, but makes no sense. */
import { createNodeDatachannelLink } from "../../../peer-node/node-datachannel-link.ts";
import { offenceLimit } from "../../../shared/core/conduct.ts";
import { createRng } from "../../../shared/core/rng.ts";
import type { Rng } from "../../../shared/core/rng.ts";
import { pause } from "../../../test/labs/real-time.ts";
import { joinAsRogue, mutate } from "../../../test/labs/rogue.ts";
import type { RunningPeer, TrainingRun } from "../../../test/labs/training-run.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask } from "../tasks.ts";
import { becomes, cycle, longestWait, now, warmedUp } from "../watching.ts";

const peers = 4;
/** A rogue comes back this often, each time as somebody else: nobody who is muted gets a packet through. */
const visitMs = 2_000;
/** At a time, to each peer. */
const burst = 10;
/** As long as a rogue is there, about. */
const silentMs = 500;
/** Their keys are others'. */
const silentLives = 128;
const shutOutWithinMs = 10_000;

interface Visit {
  readonly sent: number;
  /** Until the last peer had closed its link; NaN: not at all, or there never was one to each. */
  readonly seconds: number;
}

const timesShutOut = ({ events }: RunningPeer) =>
  events.filter((event) => event.event === "notice" && /closed: it sent /.test(event.text)).length;

/** Mutated packets to everybody, `all` of them, until nobody listens. */
async function visit(
  { run, all }: Attacked,
  { life, heard, rng }: { readonly life: number; readonly heard: Uint8Array[]; readonly rng: Rng },
): Promise<Visit> {
  const before = run.peers.map(timesShutOut);
  const rogue = await joinAsRogue(run.url, createNodeDatachannelLink, { life, heard });
  try {
    const fromMs = await becomes(() => heard.length >= 50 && rogue.mesh.open.length === all, 10_000);
    // Whom it was never linked to it cannot be shut out by.
    if (Number.isNaN(fromMs)) return { sent: 0, seconds: NaN };
    // Tabs say to nobody whom they have shut out: there its links are closed, and stay so.
    const isOver = () =>
      rogue.mesh.open.length === 0 && run.peers.every((peer, at) => timesShutOut(peer) > (before[at] ?? 0));
    let sent = 0;
    while (!isOver() && now() < fromMs + shutOutWithinMs) {
      for (const { peerId } of rogue.mesh.ends())
        for (let n = 0; n < burst; n++)
          sent += Number(rogue.mesh.send(peerId, n === 0 ? "control" : "fragments", mutate(heard, rng)));
      await pause(5);
    }
    return { sent, seconds: isOver() ? (now() - fromMs) / 1_000 : NaN };
  } finally {
    rogue.close();
  }
}

interface Attacked {
  readonly run: TrainingRun;
  /** In the room, programs or not. */
  readonly all: number;
}

/** Somebody links up with everybody, says nothing, and is gone: what it costs to let anybody in. */
async function visitInSilence({ run, all }: Attacked, life: number): Promise<void> {
  const guest = await joinAsRogue(run.url, createNodeDatachannelLink, { life, heard: [new Uint8Array()] });
  try {
    const linkedMs = await becomes(() => guest.mesh.open.length === all, 10_000);
    if (Number.isNaN(linkedMs)) throw new Error("a silent visitor was not linked to everybody within 10 s");
    await pause(silentMs);
  } finally {
    guest.close();
  }
}

/** Calls `visits` once in `visitMs`, for so long. Returns the longest of a hundred rounds meanwhile. */
async function whileVisited(
  { run }: Attacked,
  lengthMs: number,
  visits: (count: number) => Promise<void>,
): Promise<number> {
  const fromMs = now();
  for (let count = 0; now() < fromMs + lengthMs; count++) {
    const beganMs = now();
    await visits(count);
    await pause(Math.max(0, beganMs + visitMs - now()));
  }
  return cycle(run.peers, fromMs, now(), 0.99);
}

/** For a minute (short: 10 s), with and against as long without, and against silent visitors. */
export async function mutatedPackets({ size, rng }: Chaos, attacked: Attacked): Promise<readonly Check[]> {
  const { run } = attacked;
  const lengthMs = size === "full" ? 60_000 : 10_000;
  const calmMs = now();
  await pause(lengthMs / 2);
  const calm = cycle(run.peers, calmMs, now(), 0.99);
  const visited = await whileVisited(attacked, lengthMs / 2, (count) =>
    visitInSilence(attacked, silentLives + count),
  );
  const [fromMs, heard, visits]: [number, Uint8Array[], Visit[]] = [now(), [], []];
  const hurt = await whileVisited(attacked, lengthMs, async (life) => {
    visits.push(await visit(attacked, { life, heard, rng: createRng(rng.below(2 ** 32)) }));
  });
  const alive = run.peers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  return [
    {
      what: "the longest of a hundred rounds, with it against without",
      unit: "times",
      measured: hurt / calm,
      most: 1.2,
    },
    {
      what: "with somebody who comes as often and says nothing against without",
      unit: "times",
      measured: visited / calm,
    },
    { what: "the longest of a hundred rounds without it", unit: "ms", measured: calm },
    {
      what: "mutated packets",
      unit: "",
      measured: visits.reduce((sum, { sent }) => sum + sent, 0),
      // Fewer do not suffice to be shut out by everybody each time.
      least: visits.length * attacked.all * offenceLimit,
    },
    {
      what: "all its links closed after",
      unit: "s",
      measured: Math.max(...visits.map(({ seconds }) => seconds)),
      most: 2,
    },
    { what: "programs that go on", unit: "", measured: alive.length, least: run.peers.length },
    longestWait(run.peers, fromMs),
  ];
}

const toPrograms: Row = {
  name: "mutated-packets",
  version: 3,
  what: {
    full: "one sends mutated packets to all of 4 peers until they close its links, and is back under another key every 2 s, for a minute",
    short:
      "one sends mutated packets to all of 4 peers until they close its links, and is back under another key every 2 s, for 10 s",
  },
  repeats: { full: 3, short: 1 },
  seconds: { full: 140, short: 35 },
  async run(chaos) {
    const run = await chaos.start({ task: endlessTask(peers), peers });
    await warmedUp(run);
    return mutatedPackets(chaos, { run, all: peers });
  },
};

export const hostileRows: readonly Row[] = [toPrograms];
