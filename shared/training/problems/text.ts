/** Which character comes next, at every place of a window of text. */
import * as tf from "@tensorflow/tfjs-core";
import type { TextData, TextSet } from "../data/data-set.ts";
import type { LanguageModel } from "../models/transformer.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import type { Problem } from "../problem.ts";
import { score } from "./score.ts";

export function createTextProblem(model: LanguageModel, data: TextData): Problem {
  const { context, train, validation } = data;

  /** The characters from `ahead` on of every window, one window after the other. */
  function characters(set: TextSet, which: Uint32Array, ahead: 0 | 1): Int32Array {
    const places = set.characters.length - context;
    const codes = new Int32Array(which.length * context);
    for (const [row, window] of which.entries()) {
      const start = Math.floor((window * places) / set.count) + ahead;
      codes.set(set.characters.subarray(start, start + context), row * context);
    }
    return codes;
  }

  const inputs = (set: TextSet, which: Uint32Array) => tf.tensor1d(characters(set, which, 0), "int32");

  return {
    parameters: model.parameters,
    trainCount: train.count,
    validationCount: validation.count,
    loss(which, trained) {
      const logits = model.logits(inputs(train, which), which.length, trained);
      return crossEntropy(logits, tf.tensor1d(characters(train, which, 1), "int32"));
    },
    evaluate(which, parameters) {
      const logits = tf.tidy(() => model.logits(inputs(validation, which), which.length, parameters));
      return score(logits, characters(validation, which, 1));
    },
  };
}
