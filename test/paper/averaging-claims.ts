/** What figures 4 and 5 claim, of any model: averaged models lose nothing, averaged gradients drift apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import type { ArmResult } from "../../bench/paper/figures/training.ts";
import { needsData } from "../needs.ts";
import type { Maker } from "./smallest-version.ts";

type Name = "fig4a" | "fig4b" | "fig4c" | "fig5a" | "fig5b" | "fig5c";

const skip = needsData();

async function armsOf(make: Maker, name: Name): Promise<(averaging: string, drop: number) => ArmResult> {
  const { rows } = (await make(figures[name])).figures;
  return (averaging, drop) => {
    const arm = rows.find((row) => row.averaging === averaging && row.drop === drop);
    assert.ok(arm, `${averaging} ${drop}`);
    return arm;
  };
}

/** @param of what learns there */
export function testModels(make: Maker, name: Name, of: string): void {
  test(`${name}: ${of} learns with 10 % lost what it learns without`, { skip }, async () => {
    const arm = await armsOf(make, name);
    const [lossless, lossy] = [arm("rps", 0), arm("rps", 0.1)];
    assert.equal(lossless.dropped, 0);
    assert.ok(Math.abs(lossy.dropped - 0.1) < 0.01, `${lossy.dropped} dropped`);
    const [first = NaN] = lossless.curve.map(([, loss]) => loss);
    assert.ok(lossless.trainLoss < first, `${first} at first, ${lossless.trainLoss} in the end`);
    const learned = first - lossless.trainLoss;
    const apart = Math.abs(lossy.trainLoss - lossless.trainLoss);
    assert.ok(apart < 0.05 * learned, `${learned} learned, ${apart} apart`);
  });
}

/** @param of what learns there */
export function testGradients(make: Maker, name: Name, of: string): void {
  test(`${name}: with gradients averaged the replicas of ${of} drift apart`, { skip }, async () => {
    const arm = await armsOf(make, name);
    const models = arm("rps", 0.1);
    const [some, more] = [arm("gradient", 0.01), arm("gradient", 0.1)];
    assert.ok(some.apart > 2 * models.apart, `at 1 % ${some.apart} apart, models at 10 % ${models.apart}`);
    assert.ok(more.apart > 2 * some.apart, `at 10 % ${more.apart} apart, at 1 % ${some.apart}`);
  });
}
