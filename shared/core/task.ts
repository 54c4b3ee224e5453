/**
 * A task is everything that peers must agree on to train one model: model, data, optimiser, averaging.
 * It is one JSON document; `parseTask` turns a stranger's JSON into a `Task` or one clear sentence.
 */
import * as v from "valibot";
import { modelFault } from "./model-fault.ts";
import { describeIssue } from "./parse.ts";
import { robustSetting } from "./robust-setting.ts";

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const belowOne = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

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
  v.strictObject({
    /** He et al. 2015, the CIFAR-10 form: 6k + 2 layers. */
    kind: v.literal("resnet"),
    depth: v.pipe(
      count(110),
      v.check((depth) => depth >= 8 && (depth - 2) % 6 === 0, "must be 6k + 2 (8, 14, 20, 32, 56, 110)"),
    ),
  }),
  v.strictObject({
    /** Tags every word of a sentence, and the sentence as a whole. */
    kind: v.literal("lstm"),
    embedding: count(1024),
    hidden: count(1024),
    /** Share of the values into and out of the LSTMs that a training step drops. */
    dropout: v.optional(belowOne, 0.5),
    /** A word seen n times in training is shown as an unknown one with odds of this to n. */
    hideWords: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 0.25),
  }),
  v.strictObject({
    /** A small GPT: predicts the next character. */
    kind: v.literal("transformer"),
    layers: count(24),
    heads: count(32),
    width: count(2048),
  }),
]);

/** A place below the data folder: no way out of it, and nothing that a URL or a shell would read. */
const place = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/,
    "must be a relative path of letters, digits, dots and dashes",
  ),
);

/** The model's outputs, in their order: one that stands there twice would never be learned the second time. */
const classesOf = <Name extends v.GenericSchema<string>>(name: Name) =>
  v.pipe(
    v.array(name),
    v.minLength(2),
    v.maxLength(255),
    v.checkItems((item, at, all) => all.indexOf(item) === at, "must not be named twice"),
  );

const byChance = v.strictObject({ by: v.literal("chance") });

/** How the training samples are parted among the peers. */
const sharding = {
  shards: count(4096),
  split: v.optional(
    v.variant("by", [
      byChance,
      /** A shard's classes are mixed by Dirichlet(alpha): the smaller, the more one-sided. */
      v.strictObject({ by: v.literal("label"), alpha: v.pipe(positive, v.maxValue(1000)) }),
    ]),
    { by: "chance" },
  ),
  seed,
};

const dataSchema = v.variant("kind", [
  v.strictObject({
    kind: v.literal("glyphs"),
    /** Training images in one peer's shard. */
    samplesPerShard: count(1_000_000),
    /** Images in the validation set, the same for every peer. */
    validationSamples: count(100_000),
    seed,
  }),
  v.strictObject({
    kind: v.literal("cifar10"),
    ...sharding,
    validationSamples: v.optional(count(10_000), 2_000),
    augmentation: v.optional(v.picklist(["none", "crop-flip"]), "crop-flip"),
  }),
  v.strictObject({
    kind: v.literal("mnist"),
    ...sharding,
    validationSamples: v.optional(count(10_000), 2_000),
  }),
  v.strictObject({
    kind: v.literal("atis"),
    ...sharding,
    /** Of the training set, with those for padding and for unknown ones. */
    words: v.optional(count(65_535), 869),
    tags: v.optional(count(255), 121),
    intents: v.optional(count(255), 22),
    /** Longer sentences are cut. */
    length: v.optional(count(255), 46),
  }),
  v.strictObject({
    kind: v.literal("text"),
    file: v.optional(place, "tinyshakespeare/input.txt"),
    ...sharding,
    /** Running text has no labels. */
    split: v.optional(v.variant("by", [byChance]), { by: "chance" }),
    characters: v.optional(count(255), 65),
    context: v.optional(count(1024), 64),
    /** Windows; the last tenth of the file is kept for validation. */
    validationSamples: v.optional(count(100_000), 500),
  }),
  v.strictObject({
    kind: v.literal("csv"),
    file: place,
    /** Name of the column with the class. */
    label: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
    /** Number columns besides it. */
    columns: count(4096),
    classes: classesOf(v.pipe(v.string(), v.maxLength(100))),
    ...sharding,
    validationSamples: v.optional(count(100_000), 500),
  }),
  v.strictObject({
    kind: v.literal("images"),
    /** One folder for each class in it. */
    folder: place,
    classes: classesOf(place),
    /** What the pictures are scaled to. */
    height: count(512),
    width: count(512),
    channels: v.picklist([1, 3]),
    ...sharding,
    validationSamples: v.optional(count(100_000), 500),
    augmentation: v.optional(v.picklist(["none", "crop-flip"]), "none"),
  }),
]);

const rate = {
  learningRate: positive,
  /** Rounds over which the learning rate rises linearly from 0. */
  warmupRounds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** `cosine` falls to 0 at the task's last round, `steps` to a tenth at its half and at three quarters. */
  decay: v.optional(v.picklist(["none", "cosine", "steps"]), "none"),
};

const optimizerSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("sgd"), ...rate, momentum: v.optional(belowOne, 0) }),
  /** Kingma & Ba 2015; both moments stay with the peer. */
  v.strictObject({
    kind: v.literal("adam"),
    ...rate,
    beta1: v.optional(belowOne, 0.9),
    beta2: v.optional(belowOne, 0.99),
  }),
]);

/** How much a peer learns before each averaging; slow peers do less (see pace.ts). */
const localWorkSchema = v.union(
  [
    v.strictObject({ samplesPerRound: count(1_000_000) }),
    v.strictObject({ secondsPerRound: v.pipe(positive, v.maxValue(600)) }),
  ],
  'must be {"samplesPerRound": 1 to 1000000} or {"secondsPerRound": up to 600}',
);

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
    averaging: v.optional(v.picklist(["rps", "gradient", "reliable", "running-sums"]), "rps"),
    /** Where some may lie: what owners do in place of the mean. Absent: the mean. */
    robust: v.optional(robustSetting),
    /** Parity packets that an owner adds to its averages, as a share of them. */
    parity: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0),
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
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { model } = dataset.value;
    const at = (key: string, input: unknown, value: unknown) =>
      ({ type: "unknown", origin: "value", key, input, value }) as const;
    const toModel = at("model", dataset.value, model);
    const fault = modelFault(dataset.value);
    if (fault !== undefined)
      addIssue({ input: model.kind, path: [toModel, at("kind", model, model.kind)], message: fault });
    if (model.kind === "transformer" && model.width % model.heads !== 0)
      addIssue({
        input: model.heads,
        path: [toModel, at("heads", model, model.heads)],
        message: `must divide model.width (${model.width})`,
      });
    const { averaging, robust, encoding, parity } = dataset.value;
    if (averaging === "running-sums" && robust)
      addIssue({
        input: averaging,
        path: [at("averaging", dataset.value, averaging)],
        message: "must be another rule with robust: each peer's sum is another one, so they have no middle",
      });
    if (averaging === "reliable" && parity > 0)
      addIssue({
        input: parity,
        path: [at("parity", dataset.value, parity)],
        message: "must be 0 with reliable averaging, which loses nothing",
      });
    if (averaging === "running-sums" && encoding !== "f32")
      addIssue({
        input: encoding,
        path: [at("encoding", dataset.value, encoding)],
        message: "must be f32 with running-sums: halves lose what a sum has grown by",
      });
    // The other images are large enough for every CNN that there can be.
    const { data } = dataset.value;
    if (model.kind !== "cnn" || data.kind !== "images") return;
    const halvings = Math.floor(Math.log2(Math.min(data.height, data.width)));
    if (model.channels.length > halvings)
      addIssue({
        input: model.channels,
        path: [toModel, at("channels", model, model.channels)],
        message: `must have ${halvings} at most, as often as images of ${data.height} × ${data.width} can be halved`,
      });
  }),
);

export type Task = v.InferOutput<typeof taskSchema>;
export type TaskInput = v.InferInput<typeof taskSchema>;
export type ModelSpec = Task["model"];
export type DataSpec = Task["data"];
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
