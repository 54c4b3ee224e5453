/** Rows of a table, by number. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { at, release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

/** @param table [v, e]; @param ids int32 [n], each from 0 to v − 1; @returns [n, e] */
export function embedding(table: Tensor2D, ids: Tensor1D): Tensor2D {
  return runOne(embeddingOperation, { table, ids }, { rows: table.shape[0] });
}

interface Rows {
  readonly rows: number;
}

export const embeddingOperation: Operation<"table" | "ids", Rows> = {
  name: "ShoalEmbedding",
  compose: ({ table, ids }) => [tf.gather(table, ids)],
  gradient: {
    saveInputs: ["ids"],
    of: (dy, saved, attributes) => ({
      table: () => {
        const result = runOne(embeddingGradient, { dy, ids: at(saved, 0) }, attributes);
        release(dy);
        return result;
      },
      ids: () => {
        throw new Error("the numbers of rows have no gradient");
      },
    }),
  },
};

export const embeddingGradient: Operation<"dy" | "ids", Rows> = {
  name: "ShoalEmbeddingGradient",
  compose: ({ dy, ids }, { rows }) => [
    tf.getBackend() === "cpu"
      ? sumOnCpu(dy, ids, rows)
      : tf
          .engine()
          .runKernel<Tensor>(tf.UnsortedSegmentSum, { x: dy, segmentIds: ids }, { numSegments: rows }),
  ],
};

/** tfjs's own goes through all ids once for every row: seconds for a vocabulary of a thousand. */
function sumOnCpu(dy: Tensor, ids: Tensor, rows: number): Tensor {
  const width = dy.shape[1] ?? 0;
  const sums = new Float32Array(rows * width);
  const values = dy.dataSync<"float32">();
  for (const [index, id] of ids.dataSync<"int32">().entries()) {
    for (let i = 0; i < width; i++) {
      sums[id * width + i] = (sums[id * width + i] ?? 0) + (values[index * width + i] ?? 0);
    }
  }
  return tf.tensor(sums, [rows, width]);
}
