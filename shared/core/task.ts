/**
 * A task is everything that peers must agree on to train one model: model, data, optimiser, averaging.
 * It is one JSON document; `parseTask` turns a stranger's JSON into a `Task` or one clear sentence.
 */
import * as v from "valibot";
import { describeIssue } from "./parse.ts";

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const modelSchema = v.variant("kind", [
  v.strictObject({
    kind: v.literal("mlp"),
    hidden: v.pipe(v.array(count(4096)), v.minLength(1), v.maxLength(8)),
  }),
  v.strictObject({
    kind: v.literal("cnn"),
    /** Output channels of each 3×3 convolution; every one is followed by ReLU and a 2×2 max pool. */
    channels: v.pipe(v.array(count(512)), v.minLength(1), v.maxLength(3)),
  }),
]);

const dataSchema = v.strictObject({
  kind: v.literal("glyphs"),
  /** Training images in one peer's shard. */
  samplesPerShard: count(1_000_000),
  /** Images in the validation set, the same for every peer. */
  validationSamples: count(100_000),
  seed,
});

const optimizerSchema = v.strictObject({
  kind: v.literal("sgd"),
  learningRate: positive,
  momentum: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  /** Rounds over which the learning rate rises linearly from 0. */
  warmupRounds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** `cosine` falls to 0 at the task's last round; `none` stays. */
  decay: v.optional(v.picklist(["none", "cosine"]), "none"),
});

/** How much a peer learns before each averaging; slow peers do less (see pace.ts). */
const localWorkSchema = v.union([
  v.strictObject({ samplesPerRound: count(1_000_000) }),
  v.strictObject({ secondsPerRound: v.pipe(positive, v.maxValue(600)) }),
]);

const taskSchema = v.pipe(
  v.strictObject({
    name: v.pipe(
      v.string(),
      v.regex(/^[a-z0-9][a-z0-9-]{0,47}$/, "must be lower-case letters, digits and dashes (48 at most)"),
    ),
    model: modelSchema,
    data: dataSchema,
    optimizer: optimizerSchema,
    batch: count(4096),
    work: localWorkSchema,
    averaging: v.optional(v.picklist(["rps", "gradient", "reliable"]), "rps"),
    encoding: v.optional(v.picklist(["f32", "f16"]), "f32"),
    seed,
    /** The run ends after this many rounds. */
    rounds: count(0xffff_fffe),
    /** Training starts when this many peers are ready. */
    minPeers: v.optional(count(256), 1),
  }),
  v.check(
    (task) => task.optimizer.warmupRounds < task.rounds,
    "optimizer.warmupRounds must be smaller than rounds",
  ),
);

export type Task = v.InferOutput<typeof taskSchema>;
export type TaskInput = v.InferInput<typeof taskSchema>;
export type ModelSpec = Task["model"];
export type AveragingName = Task["averaging"];
export type EncodingName = Task["encoding"];

/**
 * Reads a task from parsed JSON.
 * @throws Error with one sentence that names the field, its value and what was expected.
 */
export function parseTask(json: unknown): Task {
  const result = v.safeParse(taskSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  throw new Error(`task: ${describeIssue(result.issues[0])}`);
}
