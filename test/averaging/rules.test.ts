import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createMean } from "../../shared/core/averaging/mean.ts";
import { createRule } from "../../shared/core/averaging/rules.ts";
import { randomVectors } from "../core/exchange.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import { exactMoments, spread } from "../../shared/simulation/moments.ts";

test("the mean divides by what arrived, whatever lies in the rows of the absent", () => {
  const count = 3;
  const members = 4;
  const present = fc.uint8Array({ minLength: members, maxLength: members, max: 2 });
  fc.assert(
    fc.property(present, (states) => {
      const values = Float32Array.from({ length: members * count }, (_, i) => i);
      for (let seat = 0; seat < members; seat++)
        if (states[seat] !== 1) values.fill(NaN, seat * count, (seat + 1) * count);
      const out = new Float32Array(count + 2).fill(-1);
      const there = [...states.keys()].filter((seat) => states[seat] === 1);
      fc.pre(there.length > 0);
      const from = { values, offset: 0, stride: count, members, present: states, presentAt: 0 };
      assert.equal(createMean(count)(from, count, out, 1), there.length);
      for (let i = 0; i < count; i++) {
        const mean = there.reduce((sum, seat) => sum + seat * count + i, 0) / there.length;
        assert.ok(Math.abs((out[i + 1] ?? NaN) - mean) < 1e-6);
      }
      assert.ok(out[0] === -1 && out[count + 1] === -1, "and writes nowhere else");
    }),
    { seed: 1 },
  );
});

test("the mean of the largest values does not overflow", () => {
  const largest = Float32Array.of(3.4e38, 3.4e38);
  const present = Uint8Array.of(1, 1);
  const out = new Float32Array(1);
  createMean(1)({ values: largest, offset: 0, stride: 1, members: 2, present, presentAt: 0 }, 1, out, 0);
  assert.equal(out[0], largest[0]);
});

test("rps and reliable exchange models, gradient exchanges what was learned", () => {
  const before = Float32Array.of(1, 2);
  const after = Float32Array.of(1.5, 1);
  for (const name of ["rps", "reliable"] as const) {
    const rule = createRule(name, 2);
    assert.equal(rule.name, name);
    assert.equal(rule.outgoing(before, after), after);
    assert.equal(rule.incoming(before, after), after);
  }
  const gradient = createRule("gradient", 2);
  const outgoing = gradient.outgoing(before, after);
  assert.deepEqual([...outgoing], [0.5, -1]);
  assert.deepEqual(gradient.incoming(before, outgoing), after);
});

test("only reliable waits for what the network loses", () => {
  const channels = (["rps", "gradient", "reliable"] as const).map((name) => createRule(name, 2).channel);
  assert.deepEqual(channels, ["unreliable", "unreliable", "reliable"]);
});

test("no rule changes its arguments", () => {
  for (const name of ["rps", "gradient", "reliable"] as const) {
    const rule = createRule(name, 2);
    const before = Float32Array.of(1, 2);
    const after = Float32Array.of(3, 4);
    rule.incoming(before, rule.outgoing(before, after));
    assert.deepEqual([...before, ...after], [1, 2, 3, 4]);
  }
});

test("under loss every exchange pulls replicas together by about β", () => {
  const n = 8;
  const loss = 0.2;
  const length = n * 4 * 20;
  const group = createGroup({
    members: n,
    seed: 2,
    valueCount: length,
    valuesPerFragment: 4,
    weather: { loss },
  });
  let replicas = randomVectors(n, length, 1);
  const start = spread(replicas).spread;
  for (let round = 0; round < 6; round++) {
    replicas = group.average(round, replicas).map((result) => result.values);
    group.drain();
  }
  const { beta } = exactMoments(n, loss);
  assert.ok(spread(replicas).spread < start * (2 * beta) ** 6, `${spread(replicas).spread} of ${start}`);
});
