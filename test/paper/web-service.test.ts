/** Figures 6 and 7 at their smallest: their claims, and what they are read off with. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { interpolate, loadAt, speedUpAt } from "../../bench/paper/web-service/curves.ts";
import { run } from "../../bench/paper/web-service/network/run.ts";
import type { RunFigures, Scenario } from "../../bench/paper/web-service/network/run.ts";
import { openPointStore } from "../../bench/paper/web-service/point-store.ts";
import { extraLoadResult, speedUpResult } from "../../bench/paper/web-service/results.ts";
import { planStudy, scenariosOf } from "../../bench/paper/web-service/study.ts";

const found = new Map<string, RunFigures>();
function look(scenario: Scenario): RunFigures {
  const key = JSON.stringify(scenario);
  const figures = found.get(key) ?? run(scenario);
  found.set(key, figures);
  return figures;
}

const study = planStudy("test");

test("Figure 6: at 10 % learning loss the web service is at least 1.1 times as fast", () => {
  const [curve] = speedUpResult(study, look);
  assert.ok(curve);
  const [alike] = curve.points;
  assert.ok(
    alike && alike.learningLoss < 0.02 && alike.speedUp === 1,
    "learning loses little without priority",
  );
  const speedUp = speedUpAt(curve.points, 0.1) ?? NaN;
  assert.ok(speedUp >= 1.1, `${speedUp} times`);
  const speeds = curve.points.map((point) => point.speedUp);
  assert.deepEqual(
    speeds,
    speeds.toSorted((a, b) => a - b),
    "each degree of priority is faster than the last",
  );
});

test("Figure 7: messages as fast as before leave room for more of them", () => {
  const [twoMs] = extraLoadResult(study, look);
  assert.ok(twoMs?.unprioritised);
  const extra = twoMs.points.map((point) => point.extra);
  assert.equal(extra.length, 2);
  assert.ok(
    extra.every((more) => more > 200),
    `${extra.join(", ")} messages/s more`,
  );
});

test("a curve is read between its points and nowhere else", () => {
  const points = [
    [0.2, 2],
    [0, 1],
  ] as const;
  assert.equal(interpolate(points, 0.1), 1.5);
  assert.equal(interpolate(points, 0.2), 2);
  assert.equal(interpolate(points, 0.3), null);
  assert.equal(interpolate([], 0.1), null);
});

test("the load for a mean is where a ladder first passes it", () => {
  const [ladder] = study.webFirst;
  assert.ok(ladder);
  const slower = (scenario: Scenario) => ({
    ...look(ladder.scenarios[0] ?? scenario),
    meanMs: scenario.messagesPerSecond / 1000,
    learningLoss: scenario.messagesPerSecond / 1e5,
  });
  const at = loadAt(ladder, slower, 5);
  assert.ok(Math.abs((at?.messagesPerSecond ?? 0) - 5_000) < 1e-6);
  assert.ok(Math.abs((at?.learningLoss ?? 0) - 0.05) < 1e-9);
  assert.equal(loadAt(ladder, slower, 50), null);
});

test("no scenario is run twice, and the full study has those of the paper", () => {
  const full = scenariosOf(planStudy("full"));
  assert.equal(new Set(full.map((scenario) => JSON.stringify(scenario))).size, full.length);
  const paper = full.filter(({ servers, messageBytes }) => servers === 16 && messageBytes === 100_000);
  assert.equal(paper.length, full.length);
  for (const load of [2_000, 5_000, 10_000]) {
    assert.ok(full.some(({ messagesPerSecond }) => messagesPerSecond === load));
  }
});

test("finished runs are found again, those of another simulator are not", () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-points-"));
  try {
    const path = join(folder, "points.json");
    const [scenario] = scenariosOf(study);
    assert.ok(scenario);
    const figures = look(scenario);
    openPointStore(path).put(scenario, figures);
    const kept = openPointStore(path);
    assert.deepEqual(kept.get(scenario), figures);
    assert.equal(kept.get({ ...scenario, seed: 9 }), undefined);
    writeFileSync(path, readFileSync(path, "utf8").replace(/"simulator":"\w{4}/, '"simulator":"0000'));
    assert.equal(openPointStore(path).get(scenario), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
