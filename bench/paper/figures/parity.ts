/**
 * Parity on the gather: the share of the averages that are still missing, on the round machine and expected.
 * A group of k fragments with m packets of parity has all of them when any k of the k + m arrive, so a fragment
 * is missing when it and at least m of the other k + m − 1 are lost.
 */
import { setImmediate } from "node:timers/promises";
import { createGroups } from "../../../shared/core/parity/groups.ts";
import { boundlessPatience } from "../../../shared/core/patience.ts";
import { mix } from "../../../shared/core/rng.ts";
import { createGroup } from "../../../shared/simulation/group.ts";
import { colours, linePlot } from "../../line-plot.ts";
import type { Curve } from "../../line-plot.ts";
import type { Figure, Size } from "./figure.ts";

interface Extent {
  /** Of an owner, in fragments. */
  readonly blocks: readonly number[];
  /** Packets of parity for each fragment. */
  readonly overheads: readonly number[];
  readonly drops: readonly number[];
  /** That are owed to receivers, in each case. */
  readonly gathers: number;
}

const extents: Readonly<Record<Size, Extent>> = {
  test: { blocks: [16], overheads: [0.25], drops: [0.1], gathers: 20_000 },
  compressed: {
    blocks: [1, 2, 3, 4, 5, 8, 16, 32],
    overheads: [0, 0.125, 0.25, 0.5],
    drops: [0.05, 0.1, 0.2, 0.4],
    gathers: 50_000,
  },
  full: {
    blocks: [1, 2, 3, 4, 5, 8, 16, 32, 64],
    overheads: [0, 0.125, 0.25, 0.5],
    drops: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
    gathers: 1_000_000,
  },
};

const [peers, valuesPerFragment] = [4, 2];
const patienceMs = 600_000;

export interface ParityPoint {
  readonly block: number;
  readonly overhead: number;
  /** Packets of parity for each fragment of such a block: whole packets are more than was asked for. */
  readonly sent: number;
  readonly drop: number;
  /** Share of the gathers. */
  readonly missing: number;
  readonly expected: number;
}

export const parity: Figure<{ readonly points: readonly ParityPoint[] }> = {
  title: "Parity on the gather: what is still missing",
  async make({ size, signal, say }) {
    const { blocks, overheads, drops, gathers } = extents[size];
    const points: ParityPoint[] = [];
    for (const overhead of overheads) {
      for (const block of blocks) {
        for (const drop of drops) {
          points.push(measure(block, overhead, drop, gathers));
          // Lets Ctrl-C through.
          await setImmediate();
          signal.throwIfAborted();
        }
      }
      say(`${100 * overhead} % parity: ${blocks.length} sizes of a block, ${drops.length} drop rates`);
    }
    return { figures: { peers, gathers, points }, plots: { parity: plot(overheads, blocks, points) } };
  },
};

function measure(block: number, overhead: number, drop: number, gathers: number): ParityPoint {
  const valueCount = peers * block * valuesPerFragment;
  const group = createGroup({
    members: peers,
    seed: mix(block, Math.round(1000 * overhead), Math.round(1000 * drop)),
    valueCount,
    valuesPerFragment,
    weather: { loss: drop },
    parity: overhead,
    patience: boundlessPatience(patienceMs),
  });
  const replicas = group.ids.map(() => new Float32Array(valueCount));
  const perRound = peers * (peers - 1) * block;
  const rounds = Math.ceil(gathers / perRound);
  let missing = 0;
  for (let round = 0; round < rounds; round++) {
    for (const { averaged } of group.average(round, replicas))
      missing += averaged.reduce((sum, isThere) => sum + (isThere ? 0 : 1), 0);
  }
  return {
    block,
    overhead,
    sent: createGroups(block, overhead).packets / block,
    drop,
    missing: missing / (rounds * perRound),
    expected: expectedMissing(block, overhead, drop),
  };
}

function expectedMissing(block: number, overhead: number, drop: number): number {
  const groups = createGroups(block, overhead);
  const lost = Array.from({ length: block }, (_, index) => {
    const group = groups.groupOf(index);
    const rows = groups.rowsOf(group);
    return drop * atLeast(rows, groups.membersOf(group).length + rows - 1, drop);
  });
  return lost.reduce((sum, value) => sum + value, 0) / block;
}

/** P(Bin(count, p) ≥ some). */
function atLeast(some: number, count: number, p: number): number {
  let term = (1 - p) ** count;
  let below = 0;
  for (let k = 0; k < some; k++) {
    below += term;
    term *= ((count - k) / (k + 1)) * (p / (1 - p));
  }
  return 1 - below;
}

function plot(
  overheads: readonly number[],
  blocks: readonly number[],
  points: readonly ParityPoint[],
): string {
  const text = {
    title: `Averages that are missing, blocks of ${plotted(blocks)} fragments: lines expected, dots measured`,
    x: "drop rate p",
    y: "share missing",
  };
  const curves = overheads.flatMap((overhead, index): Curve[] => {
    const colour = colours[index % colours.length] ?? "#000";
    const own = points.filter((point) => point.overhead === overhead && point.block === plotted(blocks));
    const drops = Array.from({ length: 41 }, (_, at) => at / 100);
    return [
      {
        name: `${100 * overhead} % parity`,
        colour,
        points: drops.map((drop) => [drop, expectedMissing(plotted(blocks), overhead, drop)]),
      },
      { colour, points: own.map(({ drop, missing }) => [drop, missing]), style: "dots" },
    ];
  });
  return linePlot(text, curves);
}

/** One whole group. */
const plotted = (blocks: readonly number[]) => (blocks.includes(16) ? 16 : (blocks[0] ?? 1));
