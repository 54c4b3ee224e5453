import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTask } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";

const good = {
  name: "mine",
  model: { kind: "cnn", channels: [8] },
  data: { kind: "glyphs", samplesPerShard: 100, validationSamples: 10, seed: 1 },
  optimizer: { kind: "sgd", learningRate: 0.1 },
  batch: 32,
  work: { samplesPerRound: 64 },
  seed: 1,
  rounds: 10,
};

test("what may be left out has the documented default", () => {
  const task = parseTask(good);
  assert.equal(task.averaging, "rps");
  assert.equal(task.parity, 0);
  assert.equal(task.encoding, "f32");
  assert.equal(task.minPeers, 1);
  assert.deepEqual(task.optimizer, { ...good.optimizer, momentum: 0, warmupRounds: 0, decay: "none" });
});

test("a task survives its own JSON", () => {
  for (const task of Object.values(builtInTasks)) {
    assert.deepEqual(parseTask(JSON.parse(JSON.stringify(task))), task);
  }
  assert.ok("glyphs-cnn" in builtInTasks && "cifar10-resnet20" in builtInTasks);
});

const ofFiles: Readonly<Record<string, object>> = {
  csv: { file: "a.csv", label: "y", columns: 2 },
  images: { folder: "a", height: 8, width: 8, channels: 3 },
};

const pictures = {
  kind: "images",
  folder: "x",
  classes: ["a", "b"],
  width: 9,
  channels: 3,
  shards: 1,
  seed: 1,
};
const threePools = { kind: "cnn", channels: [8, 8, 8] };

test("a CNN has as many pools as its images can be halved", () => {
  assert.ok(parseTask({ ...good, model: threePools, data: { ...pictures, height: 8 } }));
  assert.ok(parseTask({ ...good, model: threePools }), "glyphs are 16 × 16");
});

const bad: readonly (readonly [what: string, document: unknown, sentence: RegExp])[] = [
  ["no document", undefined, /^task: the document is missing/],
  ["null", null, /^task: the document is null/],
  ["a text", "glyphs-cnn", /^task: the document is "glyphs-cnn"/],
  ["a list", [], /^task: /],
  ["no name", { ...good, name: undefined }, /^task: name is missing$/],
  ["a name left out", JSON.parse(JSON.stringify({ ...good, name: undefined })), /^task: name is missing$/],
  ["a name with a slash", { ...good, name: "../x" }, /^task: name is "\.\.\/x": must be lower-case/],
  ["an unknown field", { ...good, colour: "red" }, /^task: colour: no such setting$/],
  [
    "a robust rule by its bare name",
    { ...good, robust: "centred-clip" },
    /^task: robust is "centred-clip": must be an object like \{"kind": "centered-clip"\}$/,
  ],
  [
    "an unknown robust rule",
    { ...good, robust: { kind: "centred-clip" } },
    /^task: robust\.kind is "centred-clip": must be "trimmed-mean" or "median" or "centered-clip"$/,
  ],
  ["a text for a number", { ...good, batch: "32" }, /^task: batch is "32": must be a number$/],
  ["an unknown model", { ...good, model: { kind: "gpt" } }, /^task: model\.kind is "gpt"/],
  ["half a round", { ...good, rounds: 1.5 }, /^task: rounds is 1\.5: must be a whole number$/],
  ["too large a batch", { ...good, batch: 5000 }, /^task: batch is 5000: must be at most 4096$/],
  [
    "no rate",
    { ...good, optimizer: { kind: "sgd", learningRate: 0 } },
    /^task: optimizer\.learningRate is 0: must be more than 0$/,
  ],
  [
    "all momentum",
    { ...good, optimizer: { ...good.optimizer, momentum: 1 } },
    /^task: optimizer\.momentum is 1: must be less than 1$/,
  ],
  [
    "no work",
    { ...good, work: {} },
    /^task: work is \{\}: must be \{"samplesPerRound": 1 to 1000000\} or \{"secondsPerRound": up to 600\}$/,
  ],
  [
    "work of 0",
    { ...good, work: { samplesPerRound: 0 } },
    /^task: work is \{"samplesPerRound":0\}: must be \{"samplesPerRound": 1 to 1000000\} or /,
  ],
  [
    "no layers",
    { ...good, model: { kind: "mlp", hidden: [] } },
    /^task: model\.hidden is \[\]: must have a length of at least 1$/,
  ],
  ["a layer of 0", { ...good, model: { kind: "cnn", channels: [0] } }, /^task: model\.channels\.0 is 0/],
  ["too deep", { ...good, model: { kind: "cnn", channels: [1, 1, 1, 1] } }, /^task: model\.channels is /],
  [
    "more pools than halvings",
    { ...good, model: threePools, data: { ...pictures, height: 7 } },
    /^task: model\.channels is \[8,8,8\]: must have 2 at most, as often as images of 7 × 9 can be halved$/,
  ],
  [
    "a pool of one pixel",
    { ...good, data: { ...pictures, height: 1 } },
    /^task: model\.channels is \[8\]: must have 0 at most/,
  ],
  ["half a batch", { ...good, batch: 0.5 }, /^task: batch is 0\.5/],
  ["a seed of 33 bits", { ...good, seed: 2 ** 32 }, /^task: seed is 4294967296/],
  [
    "a negative rate",
    { ...good, optimizer: { kind: "sgd", learningRate: -1 } },
    /^task: optimizer\.learningRate is -1/,
  ],
  [
    "an endless rate",
    { ...good, optimizer: { kind: "sgd", learningRate: Infinity } },
    /^task: optimizer\.learningRate is /,
  ],
  [
    "momentum 1",
    { ...good, optimizer: { ...good.optimizer, momentum: 1 } },
    /^task: optimizer\.momentum is 1/,
  ],
  [
    "longer warm-up than the run",
    { ...good, optimizer: { ...good.optimizer, warmupRounds: 10 } },
    /^task: .*optimizer\.warmupRounds must be smaller than rounds$/,
  ],
  ["no work", { ...good, work: {} }, /^task: work is /],
  ["an unknown rule", { ...good, averaging: "magic" }, /^task: averaging is "magic"/],
  ["parity of 2", { ...good, parity: 2 }, /^task: parity is 2/],
  [
    "parity on reliable channels",
    { ...good, averaging: "reliable", parity: 0.25 },
    /^task: parity is 0\.25: must be 0 with reliable averaging/,
  ],
  [
    "sums in halves",
    { ...good, averaging: "running-sums", encoding: "f16" },
    /^task: encoding is "f16".*must be f32 with running-sums/,
  ],
  ["a million peers", { ...good, minPeers: 1e6 }, /^task: minPeers is 1000000/],
  [
    "a shard too large",
    { ...good, data: { ...good.data, samplesPerShard: 1e9 } },
    /^task: data\.samplesPerShard is /,
  ],
  ...["csv", "images"].map(
    (kind) =>
      [
        `a class of ${kind} twice`,
        { ...good, data: { ...ofFiles[kind], shards: 1, seed: 1, kind, classes: ["a", "b", "a"] } },
        /^task: data\.classes\.2 is "a": must not be named twice$/,
      ] as const,
  ),
];

for (const [what, document, sentence] of bad) {
  test(`a task with ${what} is refused in one sentence`, () => {
    assert.throws(
      () => parseTask(document),
      (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, sentence);
        assert.ok(!error.message.includes("\n") && error.message.length < 400, error.message);
        return true;
      },
    );
  });
}
