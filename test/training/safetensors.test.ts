import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { createGlyphs } from "../../shared/training/data/glyphs.ts";
import { readModelFile, valueCountOf, writeModelFile } from "../../shared/training/model-file.ts";
import { createModel } from "../../shared/training/models/create-model.ts";
import { layoutOf } from "../../shared/training/models/layout.ts";
import { initialParameters } from "../../shared/training/models/model.ts";
import { createPredictor } from "../../shared/training/predictor.ts";
import { readSafetensors, writeSafetensors } from "../../shared/training/safetensors.ts";
import { accuracyOf, builtIn, createTestTrainer, smallTask, trainAlone } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

/** A file with this header and data, right or wrong. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const length = new Uint8Array(new BigUint64Array([BigInt(bytes.length)]).buffer);
  return Uint8Array.from([...length, ...bytes, ...data]);
}

const entry = (shape: unknown, offsets: unknown, dtype = "F32") => ({ dtype, shape, data_offsets: offsets });

describe("safetensors", () => {
  test("a file is what the format says, byte by byte", () => {
    const values = Float32Array.of(1, -2);
    const bytes = writeSafetensors({ tensors: [{ name: "w", shape: [2, 1], values }], metadata: { a: "b" } });
    const header = `{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`;
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    const data = Buffer.from("0000803f000000c0", "hex");
    assert.deepEqual(Buffer.from(bytes), Buffer.concat([length, Buffer.from(padded), data]));
  });

  test("what is written is read, whatever the names and shapes", () => {
    const tensor = fc.record({
      name: fc.string().filter((name) => name !== "__metadata__"),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
    });
    const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });
    const metadata = fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.string(),
    );
    fc.assert(
      fc.property(tensors, metadata, (named, texts) => {
        const filled = named.map(({ name, shape }, seed) => {
          const size = shape.reduce((product, side) => product * side, 1);
          return { name, shape, values: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i)) };
        });
        const read = readSafetensors(writeSafetensors({ tensors: filled, metadata: texts }));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        assert.deepEqual(read.tensors.toSorted(byName), filled.toSorted(byName));
        assert.deepEqual({ ...read.metadata }, { ...texts });
      }),
    );
  });

  test("a file is read wherever it lies in memory", () => {
    const tensors = [{ name: "w", shape: [3], values: Float32Array.of(1, -2, 3) }];
    const bytes = Buffer.concat([Buffer.of(0), writeSafetensors({ tensors, metadata: {} })]);
    assert.deepEqual(readSafetensors(bytes.subarray(1)).tensors, tensors);
  });

  const eight = new Uint8Array(8);
  const wrong: readonly [what: string, file: Uint8Array, sentence: RegExp][] = [
    ["nothing", new Uint8Array(), /shorter than 8 bytes/],
    ["a header that is longer than the file", fileOf({}).subarray(0, 9), /ends within its header/],
    ["a header of exabytes", new Uint8Array(16).fill(0xff), /more than 1000000 bytes/],
    ["a header that is no JSON", fileOf("{nonsense"), /not JSON/],
    ["a header that is no object", fileOf([]), /not a JSON object/],
    ["half floats", fileOf({ w: entry([2], [0, 4], "F16") }, eight.subarray(4)), /not of 32-bit floats/],
    ["a negative side", fileOf({ w: entry([-2], [0, 8]) }, eight), /no shape/],
    ["no offsets", fileOf({ w: entry([2], [0]) }, eight), /no offsets/],
    ["a size that is not its shape's", fileOf({ w: entry([3], [0, 8]) }, eight), /another size/],
    ["values beyond the end", fileOf({ w: entry([4], [0, 16]) }, eight), /do not fill it/],
    ["a gap", fileOf({ w: entry([1], [4, 8]) }, eight), /begin where another ends/],
    ["bytes that belong to no tensor", fileOf({ w: entry([1], [0, 4]) }, eight), /do not fill it/],
    [
      "tensors that overlap",
      fileOf({ v: entry([1], [0, 4]), w: entry([2], [0, 8]) }, eight),
      /begin where another ends/,
    ],
    ["metadata that are no texts", fileOf({ __metadata__: { round: 1 } }), /metadata "round"/],
  ];
  for (const [what, file, sentence] of wrong) {
    test(`${what} is refused with one sentence`, () => {
      assert.throws(() => readSafetensors(file), sentence);
    });
  }

  test("a damaged file is read or refused, and never breaks anything", () => {
    const task = smallTask();
    const good = writeModelFile({
      task,
      parameters: new Float32Array(valueCountOf(task)),
      round: 1,
      accuracy: 0.5,
    });
    const damage = fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, cut) => {
        const bad = good.slice(0, cut % 3 === 0 ? cut : good.length);
        for (const [at, byte] of changes) if (at < bad.length) bad[at] = byte;
        try {
          readModelFile(bad);
        } catch (error) {
          assert.ok(error instanceof Error && error.constructor === Error, String(error));
        }
      }),
    );
  });
});

describe("a model's file", () => {
  test("names the tensors as the model does, and carries task, round and accuracy", () => {
    const task = builtIn("glyphs-cnn");
    const parameters = Float32Array.from({ length: valueCountOf(task) }, (_, i) => i / 7);
    const bytes = writeModelFile({ task, parameters, round: 812, accuracy: 0.975 });
    assert.deepEqual(readModelFile(bytes), { task, parameters, round: 812, accuracy: 0.975 });
    assert.deepEqual(
      readSafetensors(bytes).tensors.map(({ name, shape }) => [name, ...shape].join(" ")),
      [
        "convolution0.weights 3 3 1 16",
        "convolution0.bias 16",
        "convolution1.weights 3 3 16 32",
        "convolution1.bias 32",
        "dense.weights 512 10",
        "dense.bias 10",
      ],
    );
  });

  test("of another task's model is refused", () => {
    const task = smallTask();
    const parameters = new Float32Array(valueCountOf(task));
    const { tensors, metadata } = readSafetensors(
      writeModelFile({ task, parameters, round: 1, accuracy: 1 }),
    );
    const other = JSON.stringify(builtIn("glyphs-cnn"));
    const forged = writeSafetensors({ tensors, metadata: { ...metadata, task: other } });
    assert.throws(() => readModelFile(forged), /no tensor "convolution0\.weights" of shape 3 × 3 × 1 × 16/);
    assert.throws(() => writeModelFile({ task, parameters: parameters.subarray(1), round: 1, accuracy: 1 }));
    assert.throws(() => readModelFile(writeSafetensors({ tensors, metadata: {} })), /of which task/);
  });

  for (const task of [builtIn("glyphs-cnn"), builtIn("glyphs-mlp"), ...tinyTasks]) {
    test(`the layout of ${task.name} is its model's`, () => {
      const { parameters } = createModel(task);
      assert.deepEqual(layoutOf(task), parameters);
      assert.equal(valueCountOf(task), initialParameters(parameters, 1).length);
    });
  }
});

test("a predictor is right about as many images as the trainer says", async () => {
  const task = smallTask({ model: { kind: "mlp", hidden: [16] } });
  const trainer = await createTestTrainer(task);
  const { parameters } = await trainAlone(trainer, 60, 64);
  const expected = await accuracyOf(trainer, parameters);
  assert.ok(task.data.kind === "glyphs");
  const { validation } = createGlyphs({ ...task.data, shard: 0 });
  const predictor = createPredictor(task, parameters);
  const rows = await predictor.predict(validation.pixels);
  predictor.close();
  const right = rows.filter((row, image) => row.indexOf(Math.max(...row)) === validation.labels[image]);
  assert.equal(right.length / validation.count, expected);
  for (const row of rows) assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-5);
  await assert.rejects(
    predictor.predict(new Uint8Array(255)),
    /255 pixels came, an image of this task has 256/,
  );
  assert.throws(() => createPredictor(task, parameters.subarray(1)), /parameters came, the model has/);
});
