/**
 * What doubting everybody costs over real links: `shoal serve` and some `shoal join` as processes of this machine,
 * the same task with `robust` and without, in turn. Each pair of trainings gives a ratio; the median of those is
 * what counts, because what else the machine does weighs on both of a pair.
 */
import { loadavg } from "node:os";
import { wholeNumber } from "../peer-node/cli-options.ts";
import { loadTask } from "../peer-node/task-source.ts";
import { robustOf } from "../shared/core/robust-setting.ts";
import { parseTask } from "../shared/core/task.ts";
import { quantile } from "../shared/simulation/figures.ts";
import { runTraining } from "../test/labs/run-figures.ts";
import type { RunFigures } from "../test/labs/run-figures.ts";
import { proxySite } from "../test/labs/training-run.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values, positionals } = readOptions({
  what: "how much longer does a round of real peers take where nobody is trusted?",
  argument: "TASK",
  options: {
    peers: wholeNumber("N", "how many (default: 4)", { min: 2, max: 32 }),
    rounds: wholeNumber("N", "how long (default: 60)", { min: 4, max: 1_000_000 }),
    repeats: wholeNumber("N", "trainings of each kind (default: 5)", { min: 1, max: 100 }),
    out: resultFile(),
  },
});
const { peers = 4, rounds = 60, repeats = 5, out } = values;
const base = loadTask(positionals[0] ?? "glyphs-cnn");
const plain = parseTask({ ...base, rounds, minPeers: peers });
const doubting = parseTask({ ...plain, robust: robustOf("centered-clip") });
const timeLimitMs = 300_000;

const train = (task: typeof plain) => runTraining({ site: proxySite(0), task, peers, timeLimitMs });

interface Pair {
  readonly plain: RunFigures;
  readonly robust: RunFigures;
}

/** Who goes first changes from pair to pair. */
async function pair(index: number): Promise<Pair> {
  if (index % 2 === 0) return { plain: await train(plain), robust: await train(doubting) };
  const robust = await train(doubting);
  return { plain: await train(plain), robust };
}

const pairs: Pair[] = [];
console.log("| | whole round, ms | with robust | averaging alone, ms | with robust |\n|---|---|---|---|---|");
for (let index = 0; index < repeats; index++) {
  const one = await pair(index);
  pairs.push(one);
  const cells = [one.plain.cycleMs, one.robust.cycleMs, one.plain.roundMsP50, one.robust.roundMsP50];
  console.log(`| ${[`${index + 1}`, ...cells.map((ms) => ms.toFixed(1))].join(" | ")} |`);
}
const ratioOf = (of: (figures: RunFigures) => number) =>
  quantile(
    pairs.map((one) => of(one.robust) / of(one.plain)),
    0.5,
  );
const result = {
  task: doubting,
  peers,
  repeats,
  wholeRoundRatio: ratioOf(({ cycleMs }) => cycleMs),
  averagingRatio: ratioOf(({ roundMsP50 }) => roundMsP50),
  /** Of the last minute, at the end. */
  load: loadavg()[0],
  pairs: pairs.map((one) => ({ plain: brief(one.plain), robust: brief(one.robust) })),
};
console.log(
  `\n${base.name}, ${peers} peers, ${rounds} rounds: with robust a whole round takes ${times(result.wholeRoundRatio)}, its averaging alone ${times(result.averagingRatio)} (medians of ${repeats}; load ${result.load?.toFixed(1)})`,
);
keep(out, `${JSON.stringify(result, null, 2)}\n`);

function brief({ cycleMs, roundMsP50, roundMsP99, accuracy, averagedShare }: RunFigures) {
  return { cycleMs, roundMsP50, roundMsP99, accuracy, averagedShare };
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} times as long`;
}
