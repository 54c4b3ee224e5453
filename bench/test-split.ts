/** A trained model on the test split of its data set: what papers report. */
import { createRng } from "../shared/core/rng.ts";
import type { Task } from "../shared/core/task.ts";
import { loadAtisTest } from "../shared/training/data/atis.ts";
import type { TaggedTestSet } from "../shared/training/data/atis.ts";
import { loadCifar10Test } from "../shared/training/data/cifar10.ts";
import type { DataSet } from "../shared/training/data/data-set.ts";
import type { DataSource } from "../shared/training/data/data-source.ts";
import { loadMnistTest } from "../shared/training/data/mnist.ts";
import { loadTextTest } from "../shared/training/data/text.ts";
import { createLearner } from "../shared/training/learner.ts";
import { createModel } from "../shared/training/models/create-model.ts";
import { parameterTensors } from "../shared/training/parameter-tensors.ts";
import { createProblem } from "../shared/training/problems/create-problem.ts";
import { predictTags } from "../shared/training/problems/tagged.ts";
import { scoreSpans } from "./span-f1.ts";

/** By name; accuracies from 0 to 1, losses in nats. */
export type TestFigures = Readonly<Record<string, number>>;

/** How good parameters are. The tfjs backend is the caller's, already started. */
export type Tester = (parameters: Float32Array) => Promise<TestFigures>;

/** Undefined where a data set has no test split. */
export async function loadTester(task: Task, source: DataSource): Promise<Tester | undefined> {
  if (task.data.kind === "atis") {
    const tagged = await loadAtisTest(task.data, source);
    return (parameters) => testTags(task, parameters, tagged);
  }
  const data = await testSplit(task, source);
  return data && ((parameters) => test(task, parameters, data));
}

export async function testOn(
  task: Task,
  parameters: Float32Array,
  source: DataSource,
): Promise<TestFigures | undefined> {
  return (await loadTester(task, source))?.(parameters);
}

async function testSplit({ data }: Task, source: DataSource): Promise<DataSet | undefined> {
  if (data.kind === "cifar10") return loadCifar10Test(data, source);
  if (data.kind === "mnist") return loadMnistTest(source);
  if (data.kind === "text") return loadTextTest(data, source);
  return undefined;
}

async function test(task: Task, parameters: Float32Array, data: DataSet): Promise<TestFigures> {
  const problem = createProblem(task, data);
  // Nothing is drawn in an evaluation.
  const learner = createLearner(problem, task.batch, createRng(0));
  const { lossSum, correct, count } = await learner.evaluate(parameters, 0, problem.validationCount);
  return { testSamples: problem.validationCount, testLoss: lossSum / count, testAccuracy: correct / count };
}

async function testTags(task: Task, parameters: Float32Array, data: TaggedTestSet): Promise<TestFigures> {
  const model = createModel(task);
  if (model.kind !== "tagger") throw new Error(`a ${task.model.kind} does not tag`);
  const { validation, length, tagNames, intentNames } = data;
  const all = Uint32Array.from({ length: validation.count }, (_, sentence) => sentence);
  const tensors = parameterTensors(parameters, model.parameters);
  const said = await predictTags(model, validation, length, all, tensors);
  for (const tensor of tensors) tensor.dispose();
  // Words beyond the length that the model reads are "O", as if it had said so.
  const tagsOf = (sentence: number) =>
    data.goldTags[sentence]?.map((_, at) =>
      at < length ? (tagNames[said.tags[sentence * length + at] ?? 0] ?? "O") : "O",
    ) ?? [];
  const { precision, recall, f1 } = scoreSpans(Array.from(all, tagsOf), data.goldTags);
  const rightIntents = data.goldIntents.filter(
    (intent, sentence) => intentNames[said.intents[sentence] ?? 0] === intent,
  );
  return {
    testSamples: validation.count,
    slotPrecision: precision,
    slotRecall: recall,
    slotF1: f1,
    intentAccuracy: rightIntents.length / validation.count,
  };
}
