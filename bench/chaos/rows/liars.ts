/** Who speaks well, and lies: simulated (bench/attacks.ts), and what doubting costs (bench/robust-cost.ts). */
import * as v from "valibot";
import { quantile } from "../../../shared/simulation/figures.ts";
import { benchFigures } from "../bench-figures.ts";
import type { Chaos, Check, Row, Size } from "../row.ts";

const rule = "centered-clip";

const attacksSchema = v.object({
  clean: v.object({ accuracy: v.number() }),
  costs: v.array(v.object({ points: v.number() })),
  rows: v.array(
    v.object({
      lie: v.string(),
      liars: v.number(),
      ofClean: v.number(),
      mutedHonest: v.number(),
      /** Absent: without a rule against liars, to compare. */
      bar: v.optional(v.number()),
    }),
  ),
});

const rounds: Readonly<Record<Size, number>> = { full: 300, short: 60 };

function attacks(chaos: Chaos, args: readonly string[]) {
  const all = ["--rules", rule, "--rounds", rounds[chaos.size], "--timed", 3, ...args];
  return benchFigures(chaos, "attacks", all, attacksSchema);
}

/** The bars are those of whole trainings; a short one is for looking. */
function lieChecks({ rows }: v.InferOutput<typeof attacksSchema>, size: Size): readonly Check[] {
  return rows.map(({ lie, liars, ofClean, bar }) => ({
    what: `${lie} by ${liars}${bar === undefined ? ", with the plain mean" : ""}`,
    unit: "% of clean",
    measured: 100 * ofClean,
    ...(bar !== undefined && size === "full" && { least: 100 * bar }),
  }));
}

function mutedHonest({ rows }: v.InferOutput<typeof attacksSchema>): Check {
  return {
    what: "honest peers that were muted",
    unit: "",
    measured: Math.max(...rows.map((row) => row.mutedHonest)),
    most: 0,
  };
}

interface Liars {
  readonly count: "1" | "3" | "5";
  readonly lies: string;
  /** Ways to lie, each of which has to have been tried. */
  readonly ways: number;
  readonly seconds: number;
}

function liarRow({ count, lies, ways, seconds }: Liars): Row {
  const who = `${count} of 16 simulated peers ${count === "1" ? "lies" : "lie"}`;
  const words = (length: string) => `${who}, ${lies}; \`${rule}\`, ${length}`;
  return {
    name: `liars-${count}`,
    what: { full: words(`${rounds.full} rounds`), short: words(`${rounds.short} rounds`) },
    repeats: { full: 1, short: 1 },
    seconds: { full: seconds, short: seconds / 5 },
    async run(chaos) {
      const result = await attacks(chaos, ["--liars", count]);
      const tried = result.rows.filter(({ bar }) => bar !== undefined).length;
      if (tried !== ways) throw new Error(`${tried} of ${ways} ways to lie were tried`);
      return [...lieChecks(result, chaos.size), mutedHonest(result)];
    },
  };
}

const calm: Row = {
  name: "robust-calm",
  what: {
    full: `nobody lies: 16 simulated peers with \`${rule}\` against the mean, ${rounds.full} rounds`,
    short: `nobody lies: 16 simulated peers with \`${rule}\` against the mean, ${rounds.short} rounds`,
  },
  repeats: { full: 1, short: 1 },
  seconds: { full: 60, short: 15 },
  async run(chaos) {
    const { clean, costs } = await attacks(chaos, ["--calm"]);
    return [
      {
        what: "accuracy below that of the mean",
        unit: "points",
        measured: Math.max(...costs.map(({ points }) => points)),
        ...(chaos.size === "full" && { most: 0.5 }),
      },
      { what: "accuracy with the mean", unit: "%", measured: 100 * clean.accuracy },
    ];
  },
};

const costSchema = v.object({
  wholeRoundRatio: v.number(),
  averagingRatio: v.number(),
  pairs: v.array(v.object({ plain: v.object({ cycleMs: v.number() }) })),
});

/** Among fewer nobody audits owners, which is a part of what it costs. */
const auditedPeers = 5;

const cost: Row = {
  name: "robust-time",
  version: 4,
  what: {
    full: `nobody lies: ${auditedPeers} peers over real links with \`${rule}\` and with the mean in turn, medians of 9 pairs of 300 rounds each`,
    short: `nobody lies: ${auditedPeers} peers over real links with \`${rule}\` and with the mean in turn, once`,
  },
  repeats: { full: 1, short: 1 },
  seconds: { full: 360, short: 40 },
  async run(chaos) {
    const size = chaos.size === "full" ? ["--rounds", 300, "--repeats", 9] : ["--rounds", 60, "--repeats", 1];
    const args = ["--peers", auditedPeers, ...size];
    const figures = await benchFigures(chaos, "robust-cost", args, costSchema);
    return [
      {
        what: "a whole round, against the mean",
        unit: "times",
        measured: figures.wholeRoundRatio,
        ...(chaos.size === "full" && { most: 1.1 }),
      },
      { what: "its averaging alone", unit: "times", measured: figures.averagingRatio },
      {
        what: "a whole round with the mean",
        unit: "ms",
        measured: quantile(
          figures.pairs.map(({ plain }) => plain.cycleMs),
          0.5,
        ),
      },
    ];
  },
};

export const liarRows: readonly Row[] = [
  liarRow({ count: "1", lies: "in each of ten ways", ways: 10, seconds: 380 }),
  liarRow({ count: "3", lies: "sign-flipped × 10, or as owners that dictate", ways: 3, seconds: 180 }),
  liarRow({ count: "5", lies: "sign-flipped × 10", ways: 2, seconds: 120 }),
  calm,
  cost,
];
