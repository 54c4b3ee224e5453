import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createMean } from "../../shared/core/averaging/mean.ts";
import { createRobustMean } from "../../shared/core/averaging/robust.ts";
import { comparatorsFor, sortable, sortColumns } from "../../shared/core/averaging/sorting-network.ts";
import { robustOf } from "../../shared/core/robust-setting.ts";
import type { RobustSetting } from "../../shared/core/robust-setting.ts";
import { parseTask } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import { randomVectors } from "../core/exchange.ts";

const { audit } = robustOf("median");
const trimmed = (share = 1 / 3): RobustSetting => ({ kind: "trimmed-mean", share, audit });
const median: RobustSetting = { kind: "median", audit };
const clip: RobustSetting = { kind: "centered-clip", iterations: 3, audit };
const all = [trimmed(), median, clip];

/** What an owner makes of these rows. */
function reduced(setting: RobustSetting | undefined, rows: readonly Float32Array[], absent = 0): number[] {
  const count = rows[0]?.length ?? 0;
  const values = new Float32Array((rows.length + absent) * count).fill(NaN);
  for (const [seat, row] of rows.entries()) values.set(row, seat * count);
  const members = rows.length + absent;
  const present = Uint8Array.from({ length: members }, (_, seat) => (seat < rows.length ? 1 : 0));
  const out = new Float32Array(count);
  const reduce = setting ? createRobustMean(setting, count) : createMean(count);
  const from = { values, offset: 0, stride: count, members, present, presentAt: 0 };
  assert.equal(reduce(from, count, out, 0), rows.length);
  return [...out];
}

test("the network sorts any number of rows", () => {
  for (let rows = 1; rows <= 40; rows++) {
    const length = 30;
    const table = Float32Array.from(randomVectors(rows, length, rows).flatMap((row) => [...row]));
    const columns = Array.from({ length }, (_, i) =>
      Array.from({ length: rows }, (__, row) => table[row * length + i] ?? NaN).toSorted((a, b) => a - b),
    );
    const bits = new Int32Array(table.buffer);
    bits.set(bits.map(sortable));
    sortColumns(bits, length, comparatorsFor(rows));
    bits.set(bits.map(sortable));
    for (const [i, column] of columns.entries())
      assert.deepEqual(
        column,
        column.map((_, row) => table[row * length + i]),
      );
  }
  assert.deepEqual(
    [16, 32].map((rows) => comparatorsFor(rows).length / 2),
    [63, 191],
  );
});

test("what is sortable sorts as the values do, and can be changed back", () => {
  const values = Float32Array.of(-3.4e38, -2, -1.5, -1e-45, -0, 0, 1e-45, 1, 1.5, 3.4e38);
  const bits = new Int32Array(values.buffer);
  const keys = bits.map(sortable);
  assert.deepEqual(keys, keys.toSorted());
  assert.deepEqual(keys.map(sortable), bits);
});

test("trimmed mean and median are what they are called, whatever is absent", () => {
  const rows = [5, 1, 100, 3, -100, 4].map((value) => Float32Array.of(value, -value));
  assert.deepEqual(reduced(trimmed(0.3), rows, 3), [3.5, -3.5]);
  assert.deepEqual(reduced(trimmed(0.1), rows), [3.25, -3.25]);
  assert.deepEqual(reduced(median, rows, 1), [3.5, -3.5]);
  assert.deepEqual(reduced(median, rows.slice(0, 5)), [3, -3]);
  assert.deepEqual(reduced(trimmed(0.49), rows.slice(0, 1)), [5, -5]);
  assert.deepEqual(reduced(trimmed(0.49), rows.slice(0, 2)), [3, -3]);
});

test("seats may come in any order; where all say the same it stands to the bit", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 });
  fc.assert(
    fc.property(order, fc.integer({ min: 1, max: 1_000 }), (seats, seed) => {
      const rows = randomVectors(7, 5, seed);
      const shuffled = seats.map((seat) => rows[seat] ?? new Float32Array(5));
      for (const setting of [trimmed(), median])
        assert.deepEqual(reduced(setting, shuffled), reduced(setting, rows));
      const same = rows.map(() => rows[0] ?? new Float32Array(5));
      for (const setting of all) assert.deepEqual(reduced(setting, same), [...(rows[0] ?? [])]);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test("five liars of 16 move the mean as far as they like, and the robust ones no further than honest peers differ", () => {
  const honest = randomVectors(11, 200, 3);
  const middle = reduced(undefined, honest);
  // Two honest ones differ by √2 of these.
  const distance = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value, i) => sum + (value - (middle[i] ?? 0)) ** 2, 0) / values.length);
  for (const lie of [10, 1e4, -6e4]) {
    const rows = [...honest, ...Array.from({ length: 5 }, () => new Float32Array(200).fill(lie))];
    assert.ok(distance(reduced(undefined, rows)) > 3);
    for (const setting of all)
      assert.ok(
        distance(reduced(setting, rows)) < Math.SQRT2,
        `${setting.kind}: ${distance(reduced(setting, rows))}`,
      );
  }
});

test("centred clipping is close to the mean where nobody lies", () => {
  const rows = randomVectors(16, 280, 5);
  const mean = reduced(undefined, rows);
  const off = (setting: RobustSetting) =>
    Math.sqrt(reduced(setting, rows).reduce((sum, value, i) => sum + (value - (mean[i] ?? 0)) ** 2, 0) / 280);
  assert.ok(off(clip) < 0.02 && off(clip) < off(median) / 5, `${off(clip)}, ${off(median)}`);
});

test("a task says it, or has no such field; running sums have no middle", () => {
  const task = Object.values(builtInTasks)[0];
  assert.ok(task && !("robust" in parseTask(task)));
  assert.deepEqual(parseTask({ ...task, robust: { kind: "trimmed-mean" } }).robust, trimmed());
  assert.deepEqual(parseTask({ ...task, robust: { kind: "centered-clip" } }).robust, clip);
  assert.throws(() => parseTask({ ...task, robust: { kind: "trimmed-mean", share: 0.5 } }), /robust\.share/);
  assert.throws(
    () => parseTask({ ...task, averaging: "running-sums", robust: median }),
    /^Error: task: averaging is "running-sums": must be another rule with robust/,
  );
});
