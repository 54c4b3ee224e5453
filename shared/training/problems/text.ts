/** Which character comes next, at every place of a window of text. */
import * as tf from "@tensorflow/tfjs-core";
import type { TextData, TextSet } from "../data/data-set.ts";
import type { LanguageModel } from "../models/transformer.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import type { Problem } from "../problem.ts";
import { noLabel, score } from "./score.ts";

export function createTextProblem(model: LanguageModel, data: TextData): Problem {
  const { context, train, validation } = data;

  /** Where a window begins, and how many of its characters are another window's. */
  function placeOf({ count, characters: { length }, isTiled }: TextSet, window: number) {
    const places = length - context;
    if (isTiled !== true) return { start: Math.floor((window * places) / count), shared: 0 };
    const start = Math.min(window * context, places - 1);
    return { start, shared: window * context - start };
  }

  /** The characters from `ahead` on of every window, one window after the other. */
  function characters(set: TextSet, which: Uint32Array, ahead: 0 | 1): Int32Array {
    const codes = new Int32Array(which.length * context);
    for (const [row, window] of which.entries()) {
      const start = placeOf(set, window).start + ahead;
      codes.set(set.characters.subarray(start, start + context), row * context);
    }
    return codes;
  }

  /** What comes next at each place, where it is asked for. */
  function answers(set: TextSet, which: Uint32Array): Int32Array {
    const codes = characters(set, which, 1);
    for (const [row, window] of which.entries())
      codes.fill(noLabel, row * context, row * context + placeOf(set, window).shared);
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
      return score(logits, answers(validation, which));
    },
  };
}
