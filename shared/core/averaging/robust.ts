/**
 * What an owner puts in place of the mean where some contributions may be lies. All three start from the sorted
 * columns of what arrived, so the order of arrival and of seats changes nothing:
 *
 * - trimmed mean (Yin et al., ICML 2018): of each value the lowest and the highest are left out;
 * - median: of each value the middle one;
 * - centred clipping (Karimireddy et al., ICML 2021): from the median on, a few steps to the mean of what everybody
 *   differs by, nobody counting for more than twice what the middle one of them differs by. Once would clip half of
 *   the honest, which costs accuracy where nobody lies.
 *
 * The slot holds every contribution as it came (one replica of memory a round, whatever the number of members), so
 * what this adds is a scratch of one fragment for each member: 36 kB for 32.
 */
import type { RobustSetting } from "../robust-setting.ts";
import type { Mean } from "./mean.ts";
import type { Contributions } from "./rule.ts";
import { comparatorsFor, sortable, sortColumns } from "./sorting-network.ts";

/** Of the middle one's distance: what anybody counts for at most. */
export const clipFactor = 2;

export function createRobustMean(setting: RobustSetting, maxCount: number): Mean {
  let table = new Float32Array(0);
  let bits = new Int32Array(table.buffer);
  const networks = new Map<number, Uint16Array>();
  const clip = createClip(maxCount);

  function makeSortable(first: number, end: number): void {
    for (let i = first; i < end; i++) bits[i] = sortable(bits[i] ?? 0);
  }

  /** The columns of what arrived, sorted, as `sortable` integers; returns how many rows. */
  function sorted(from: Readonly<Contributions>, count: number): number {
    if (table.length < from.members * maxCount) {
      table = new Float32Array(from.members * maxCount);
      bits = new Int32Array(table.buffer);
    }
    let rows = 0;
    for (let seat = 0; seat < from.members; seat++) {
      if (from.present[from.presentAt + seat] !== 1) continue;
      const row = from.offset + seat * from.stride;
      for (let i = 0; i < count; i++) table[rows * count + i] = from.values[row + i] ?? 0;
      rows += 1;
    }
    const network = networks.get(rows) ?? comparatorsFor(rows);
    networks.set(rows, network);
    makeSortable(0, rows * count);
    sortColumns(bits, count, network);
    return rows;
  }

  return (from, count, out, at) => {
    const rows = sorted(from, count);
    const cut = setting.kind === "trimmed-mean" ? trimmed(rows, setting.share) : middle(rows);
    makeSortable(cut * count, (rows - cut) * count);
    meanOfRows(table, cut, rows - cut, count, out, at);
    if (setting.kind === "centered-clip") clip(from, count, out, at, setting.iterations);
    return rows;
  };
}

/** Rows to leave out at each end: at least the share, as long as one is left. */
function trimmed(rows: number, share: number): number {
  return Math.min(Math.ceil(share * rows), middle(rows));
}

/** All but the middle row, or the two middle ones. */
function middle(rows: number): number {
  return Math.floor((rows - 1) / 2);
}

function meanOfRows(
  table: Float32Array,
  first: number,
  end: number,
  count: number,
  out: Float32Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let row = first; row < end; row++) sum += table[row * count + i] ?? 0;
    out[at + i] = sum / (end - first);
  }
}

/** Moves `out[at]` … from the median it holds towards the mean. */
function createClip(maxCount: number) {
  const center = new Float64Array(maxCount);
  const drawn = new Float64Array(maxCount);

  function distance(from: Readonly<Contributions>, row: number, count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += ((from.values[row + i] ?? 0) - (center[i] ?? 0)) ** 2;
    return Math.sqrt(sum);
  }

  return (
    from: Readonly<Contributions>,
    count: number,
    out: Float32Array,
    at: number,
    iterations: number,
  ): void => {
    const rows: number[] = [];
    for (let seat = 0; seat < from.members; seat++)
      if (from.present[from.presentAt + seat] === 1) rows.push(from.offset + seat * from.stride);
    for (let i = 0; i < count; i++) center[i] = out[at + i] ?? 0;
    let radius = Infinity;
    for (let turn = 0; turn < iterations; turn++) {
      const distances = rows.map((row) => distance(from, row, count));
      // Of the first turn: a radius that follows the centre would let itself be led away.
      if (turn === 0) radius = clipFactor * (distances.toSorted((a, b) => a - b)[middle(rows.length)] ?? 0);
      const areAllNear = distances.every((far) => far <= radius);
      drawn.fill(0, 0, count);
      let weight = 0;
      for (const [index, row] of rows.entries()) {
        const far = distances[index] ?? 0;
        const share = (far <= radius ? 1 : radius / far) / rows.length;
        weight += share;
        for (let i = 0; i < count; i++) drawn[i] = (drawn[i] ?? 0) + share * (from.values[row + i] ?? 0);
      }
      let moved = 0;
      for (let i = 0; i < count; i++) {
        const step = (drawn[i] ?? 0) - weight * (center[i] ?? 0);
        center[i] = (center[i] ?? 0) + step;
        moved += step * step;
      }
      // This is the mean of all, and everybody is near it: from here on there is nowhere to go.
      if (areAllNear && distances.every((far) => far + Math.sqrt(moved) <= radius)) break;
    }
    for (let i = 0; i < count; i++) out[at + i] = center[i] ?? 0;
  };
}
