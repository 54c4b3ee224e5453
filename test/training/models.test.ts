import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { parseTask } from "../../shared/core/task.ts";
import type { Task } from "../../shared/core/task.ts";
import { startBackend } from "../../shared/training/backend.ts";
import { syntheticData } from "../../shared/training/data/synthetic.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { layoutOf } from "../../shared/training/models/layout.ts";
import { countOf, initialParameters, sizeOf, trainedCount } from "../../shared/training/models/model.ts";
import { createProblem } from "../../shared/training/problems/create-problem.ts";
import { builtIn, cpu } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

const resnet = (depth: number): Task => ({
  ...builtIn("cifar10-resnet20"),
  model: { kind: "resnet", depth },
});

/** Trained ones as the literature counts them; batch norm's statistics come on top. */
const counts: readonly (readonly [what: string, task: Task, trained: number, statistics: number])[] = [
  ["ResNet-20 (He et al.: 0.27 M)", resnet(20), 269_722, 1_376],
  ["ResNet-32 (0.46 M)", resnet(32), 464_154, 2_272],
  ["ResNet-56 (0.85 M)", resnet(56), 853_018, 4_064],
  ["ResNet-110 (1.7 M)", resnet(110), 1_727_962, 8_096],
  ["the GPT of tiny Shakespeare", builtIn("shakespeare-transformer"), 818_241, 0],
  ["the tagger of ATIS", builtIn("atis-lstm"), 411_151, 0],
  ["the network of MNIST", builtIn("mnist-cnn"), 20_490, 0],
  ["glyphs-cnn", builtIn("glyphs-cnn"), 9_930, 0],
];

for (const [what, task, trained, statistics] of counts) {
  test(`${what} has ${trained} trained parameters and ${statistics} statistics`, () => {
    const layout = layoutOf(task);
    assert.equal(trainedCount(layout), trained);
    assert.equal(countOf(layout) - trained, statistics);
    assert.equal(new Set(layout.map(({ name }) => name)).size, layout.length, "names differ");
    const firstStatistic = layout.findIndex(({ role }) => role === "statistic");
    if (firstStatistic >= 0)
      assert.ok(layout.slice(firstStatistic).every(({ role }) => role === "statistic"));
  });
}

/** SHA-256 of the initial vector, shortened: another value means that old peers start elsewhere. */
const beginnings: Readonly<Record<string, string>> = {
  "glyphs-mlp": "61919b7e00d09857",
  "glyphs-cnn": "3ba67ece754e495e",
  "cifar10-resnet20": "7aa3eb45284fe05e",
  "mnist-cnn": "2f2bc4d0d6d2dfe6",
  "atis-lstm": "5516d068b110ca9c",
  "shakespeare-transformer": "fe9b3ebfd8bd9f6d",
};

for (const [name, hash] of Object.entries(beginnings)) {
  test(`${name} starts from the same model on every machine, to the bit`, () => {
    const task = builtIn(name);
    const bytes = new Uint8Array(initialParameters(layoutOf(task), task.seed).buffer);
    assert.equal(createHash("sha256").update(bytes).digest("hex").slice(0, 16), hash);
  });
}

test("every residual block begins as the identity, with a small last layer", () => {
  const layout = layoutOf(resnet(20));
  const initial = initialParameters(layout, 1);
  let offset = 0;
  for (const spec of layout) {
    const values = initial.subarray(offset, (offset += sizeOf(spec)));
    if (spec.name.endsWith("second.scale")) assert.ok(values.every((value) => value === 0));
    if (spec.name.endsWith("first.scale")) assert.ok(values.every((value) => value === 1));
    if (spec.name.endsWith(".variance")) assert.ok(values.every((value) => value === 1));
    if (spec.name === "dense.weights") assert.ok(values.every((value) => Math.abs(value) < 0.018));
  }
});

test("an LSTM begins with open forget gates and nothing else in its biases", () => {
  const [task] = tinyTasks.filter(({ name }) => name === "lstm");
  assert.ok(task);
  const layout = layoutOf(task);
  const before = layout.slice(
    0,
    layout.findIndex(({ name }) => name === "forward.bias"),
  );
  const bias = initialParameters(layout, 1).subarray(countOf(before), countOf(before) + 20);
  assert.deepEqual([...bias], [...Array(5).fill(0), ...Array(5).fill(1), ...Array(10).fill(0)]);
});

for (const task of tinyTasks) {
  test(`${task.name}: at first every answer is about as likely, and all predictions are counted`, async () => {
    await startBackend(cpu);
    const data = syntheticData(task.data, 10);
    const problem = createProblem(task, data);
    const learner = createLearner(problem, task.batch, createRng(1));
    const initial = initialParameters(problem.parameters, task.seed);
    const whole = await learner.evaluate(initial, 0, 10);
    const parts = [await learner.evaluate(initial, 0, 3), await learner.evaluate(initial, 3, 100)];
    const [each, classes] = predictionsOf(task);
    assert.equal(whole.count, 10 * each);
    assert.equal(
      parts.reduce((sum, { count }) => sum + count, 0),
      whole.count,
    );
    const loss = whole.lossSum / whole.count;
    assert.ok(Math.abs(loss - Math.log(classes)) < 0.5, `${loss}`);
    const lossSum = parts.reduce((sum, part) => sum + part.lossSum, 0);
    assert.ok(Math.abs(lossSum / whole.lossSum - 1) < 1e-5);
  });
}

/** Predictions in one sample, and answers that each may have. */
function predictionsOf({ data }: Task): readonly [number, number] {
  if (data.kind === "atis") return [data.length, data.tags];
  if (data.kind === "text") return [data.context, data.characters];
  return [1, "classes" in data ? data.classes.length : 10];
}

const misfits = [
  [
    "lstm",
    { kind: "lstm", embedding: 8, hidden: 8 },
    /^Error: task: model\.kind is "lstm": must be mlp or cnn or resnet for cifar10 data$/,
  ],
  ["transformer", { kind: "transformer", layers: 1, heads: 1, width: 8 }, /must be mlp or cnn or resnet/],
] as const;

for (const [what, model, sentence] of misfits) {
  test(`a ${what} on images is refused in one sentence`, () => {
    assert.throws(() => parseTask({ ...builtIn("cifar10-resnet20"), model }), sentence);
  });
}

test("other models on words, text and tables are refused, too", () => {
  const cnn = { kind: "cnn", channels: [4] } as const;
  assert.throws(() => parseTask({ ...builtIn("atis-lstm"), model: cnn }), /must be lstm for atis data$/);
  const { model } = builtIn("atis-lstm");
  assert.throws(() => parseTask({ ...builtIn("shakespeare-transformer"), model }), /must be transformer/);
  const [table] = tinyTasks.filter(({ data }) => data.kind === "csv");
  assert.throws(() => parseTask({ ...table, model: cnn }), /must be mlp for csv data$/);
});

test("heads that do not divide the width are refused", () => {
  const model = { kind: "transformer", layers: 1, heads: 3, width: 8 } as const;
  assert.throws(
    () => parseTask({ ...builtIn("shakespeare-transformer"), model }),
    /^Error: task: model\.heads is 3: must divide model\.width \(8\)$/,
  );
});
