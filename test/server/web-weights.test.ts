/** What a page loads, as the build weighed it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";

const weightsSchema = v.array(v.object({ what: v.string(), weight: v.number(), budget: v.number() }));

test("no script and no page weighs more than its budget", () => {
  const text = readFileSync(new URL("../../web-weights.json", import.meta.url), "utf8");
  const weights = v.parse(weightsSchema, JSON.parse(text));
  assert.ok(weights.length >= 7);
  for (const { what, weight, budget } of weights)
    assert.ok(
      weight <= budget,
      `${what}: ${weight.toFixed(1)} kB gzip of ${budget} kB: load less at the start`,
    );
});
