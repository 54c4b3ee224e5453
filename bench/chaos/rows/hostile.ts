/** Who speaks, but makes no sense. */
import { offenceLimit } from "../../../shared/core/conduct.ts";
import { quantile } from "../../../shared/simulation/figures.ts";
import { pause } from "../../../test/labs/real-time.ts";
import type { RunningPeer, TrainingRun } from "../../../test/labs/training-run.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask } from "../tasks.ts";
import { startVisitor } from "../visitor.ts";
import type { Visit } from "../visitor.ts";
import { cyclesOf, longestWait, now, warmedUp } from "../watching.ts";

const peers = 4;
/** A visitor comes back this often, each time as somebody else: nobody who is muted gets a packet through. */
const visitMs = 2_000;
/** Programs are slower while what they do is new to them: not a time to compare with. */
const warmMs = { full: 15_000, short: 2_000 };
/** With silent visitors, with hostile ones and without, in turn: a machine is not equally fast all the time. */
const turns = { full: 4, short: 1 };
const hostileMs = { full: 15_000, short: 10_000 };
/** After a visit, until nothing of it is left. */
const afterwardsMs = 1_000;

type Company = "nobody" | "silent" | "hostile";

interface Attacked {
  readonly run: TrainingRun;
  /** In the room, programs or not. */
  readonly all: number;
}

/** How often these have shut somebody out, each. Looks at every event once: there are hundreds of them a second. */
function createTally(of: readonly RunningPeer[]): () => readonly number[] {
  const tallies = of.map(({ events }) => ({ events, at: 0, times: 0 }));
  return () =>
    tallies.map((tally) => {
      for (; tally.at < tally.events.length; tally.at++) {
        const event = tally.events[tally.at];
        if (event?.event === "notice" && /closed: it sent /.test(event.text)) tally.times++;
      }
      return tally.times;
    });
}

/** For a minute (short: 10 s), against half as long without, and against silent visitors. */
export async function mutatedPackets(
  { size, rng, after }: Chaos,
  { run, all }: Attacked,
): Promise<readonly Check[]> {
  const visitor = startVisitor(run.url, all);
  after(() => visitor.close());
  const timesShutOut = createTally(run.peers);
  const cycles: Record<Company, number[]> = { nobody: [], silent: [], hostile: [] };
  const visits: Visit[] = [];
  let life = 0;

  async function visit(company: Company): Promise<void> {
    if (company === "nobody") return;
    const before = timesShutOut();
    const isShutOut = () => timesShutOut().every((times, at) => times > (before[at] ?? 0));
    const order = { life: life++, ...(company === "hostile" && { seed: rng.below(2 ** 32) }) };
    const done = await visitor.visit(order, isShutOut);
    if (company === "hostile") visits.push(done);
    else if (done.seconds === null) throw new Error("a silent visitor was not linked to everybody in time");
  }

  async function spend(company: Company, lengthMs: number): Promise<void> {
    const fromMs = now();
    while (now() < fromMs + lengthMs) {
      const beganMs = now();
      await visit(company);
      await pause(Math.max(0, beganMs + visitMs - now()));
    }
    cycles[company].push(...cyclesOf(run.peers, fromMs, now()));
    await pause(afterwardsMs);
  }

  await pause(warmMs[size]);
  const startMs = now();
  for (let turn = 0; turn < turns[size]; turn++) {
    await spend("nobody", hostileMs[size] / 2);
    await spend("silent", hostileMs[size] / 2);
    await spend("hostile", hostileMs[size]);
  }
  const alive = run.peers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  const longest = (company: Company) => quantile(cycles[company], 0.99);
  return [
    {
      what: "the longest of a hundred rounds, with it against without",
      unit: "times",
      measured: longest("hostile") / longest("nobody"),
      most: 1.2,
    },
    {
      what: "with somebody who comes as often and says nothing against without",
      unit: "times",
      measured: longest("silent") / longest("nobody"),
    },
    { what: "the longest of a hundred rounds without it", unit: "ms", measured: longest("nobody") },
    {
      what: "mutated packets",
      unit: "",
      measured: visits.reduce((sum, { sent }) => sum + sent, 0),
      // Fewer do not suffice to be shut out by everybody each time.
      least: visits.length * all * offenceLimit,
    },
    {
      what: "all its links closed after",
      unit: "s",
      measured: Math.max(...visits.map(({ seconds }) => seconds ?? NaN)),
      most: 2,
    },
    { what: "programs that go on", unit: "", measured: alive.length, least: run.peers.length },
    longestWait(run.peers, startMs),
  ];
}

const toPrograms: Row = {
  name: "mutated-packets",
  version: 4,
  what: {
    full: "one sends mutated packets to all of 4 peers until they close its links, and is back under another key every 2 s, for a minute",
    short:
      "one sends mutated packets to all of 4 peers until they close its links, and is back under another key every 2 s, for 10 s",
  },
  repeats: { full: 3, short: 1 },
  seconds: { full: 160, short: 35 },
  async run(chaos) {
    const run = await chaos.start({ task: endlessTask(peers), peers });
    await warmedUp(run);
    return mutatedPackets(chaos, { run, all: peers });
  },
};

export const hostileRows: readonly Row[] = [toPrograms];
