import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "../../shared/training/backend.ts";
import { createTextProblem } from "../../shared/training/problems/text.ts";
import { cpu } from "./fixture.ts";

before(() => startBackend(cpu));

const none = { count: 0, characters: new Uint8Array() };
const context = 4;

/** Says after each character that the next number follows, unless `silent`: right everywhere else. */
function problemOf(length: number, silent: number) {
  const model = {
    parameters: [],
    logits(characters: tf.Tensor1D) {
      const numbers = characters.dataSync<"int32">();
      const scores = new Float32Array(numbers.length * length);
      for (const [row, number] of numbers.entries())
        scores[row * length + (number === silent ? 0 : number + 1)] = 1;
      return tf.tensor2d(scores, [numbers.length, length]);
    },
  };
  const characters = Uint8Array.from({ length }, (_, i) => i);
  const validation = { count: Math.ceil((length - 1) / context), characters, isTiled: true };
  return createTextProblem(model, { kind: "text", context, alphabet: [], train: none, validation });
}

test("windows that are tiled ask for every character but the first once, whatever the length", async () => {
  for (const length of [5, 6, 8, 9, 10, 13, 24]) {
    for (let silent = 0; silent < length - 1; silent++) {
      const problem = problemOf(length, silent);
      const all = Uint32Array.from({ length: problem.validationCount }, (_, window) => window);
      const { correct, count } = await problem.evaluate(all, []);
      assert.deepEqual([correct, count], [length - 2, length - 1], `${length} characters, ${silent} silent`);
    }
  }
});
