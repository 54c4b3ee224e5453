/** Which class a row of numbers belongs to. */
import * as tf from "@tensorflow/tfjs-core";
import type { TableData, TableSet } from "../data/data-set.ts";
import { evaluation } from "../models/classifier.ts";
import type { Classifier } from "../models/classifier.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import type { Problem } from "../problem.ts";
import { score } from "./score.ts";

export function createTableProblem(model: Classifier, data: TableData): Problem {
  const { columns, train, validation } = data;

  function rowTensor({ values }: TableSet, which: Uint32Array): tf.Tensor4D {
    const rows = new Float32Array(which.length * columns);
    for (const [at, row] of which.entries())
      rows.set(values.subarray(row * columns, (row + 1) * columns), at * columns);
    return tf.tensor4d(rows, [which.length, 1, 1, columns]);
  }

  return {
    parameters: model.parameters,
    trainCount: train.count,
    validationCount: validation.count,
    loss(which, trained, { observe }) {
      const logits = model.logits(rowTensor(train, which), trained, { kind: "training", observe });
      return crossEntropy(logits, tf.tensor1d(labelsOf(train, which), "int32"));
    },
    evaluate(which, parameters) {
      const logits = tf.tidy(() => model.logits(rowTensor(validation, which), parameters, evaluation));
      return score(logits, labelsOf(validation, which));
    },
  };
}

function labelsOf({ labels }: TableSet, which: Uint32Array): Int32Array {
  return Int32Array.from(which, (row) => labels[row] ?? 0);
}
