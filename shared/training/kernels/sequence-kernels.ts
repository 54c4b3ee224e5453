/** What models of sequences need: LSTM, causal attention, the gradient of an embedding. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { attentionGradient, attentionOperation } from "../ops/causal-attention.ts";
import { embeddingGradient, embeddingOperation } from "../ops/embedding.ts";
import { lstmGradient, lstmOperation } from "../ops/lstm.ts";
import type { CallKernel } from "./kernel-module.ts";
import { fuse, replace } from "./register.ts";
import { makeOutput, pointerTo, sizeOf, withScratch } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

export function installSequences(call: CallKernel): void {
  fuse(lstmOperation, ({ gates, recurrent }) => {
    const [time = 0, n = 0] = gates.shape;
    const [hidden = 0] = recurrent.shape;
    if (hidden % 4 !== 0) return undefined;
    const shape = [time, n, hidden];
    const [h, activities, c] = [makeOutput(shape), makeOutput(gates.shape), makeOutput(shape)];
    const pointers = [gates, recurrent, h, activities, c].map(pointerTo);
    withScratch(call("lstmScratch", n, hidden), (scratch) => call("lstm", ...pointers, ...shape, scratch));
    return [h, activities, c];
  });
  fuse(lstmGradient, ({ dy, recurrent, h, activities, c }) => {
    const [time = 0, n = 0, hidden = 0] = h.shape;
    if (hidden % 4 !== 0) return undefined;
    const results = [makeOutput(activities.shape), makeOutput(recurrent.shape)];
    const pointers = [dy, recurrent, h, activities, c, ...results].map(pointerTo);
    withScratch(call("lstmScratch", n, hidden), (scratch) =>
      call("lstmGradient", ...pointers, time, n, hidden, scratch),
    );
    return results;
  });

  fuse(attentionOperation, ({ qkv }, { heads }) => {
    const [n = 0, time = 0, width = 0] = qkv.shape;
    const results = [makeOutput([n, time, width / 3]), makeOutput([n, heads, time, time])];
    const pointers = [qkv, ...results].map(pointerTo);
    withScratch(call("gemmScratch"), (scratch) =>
      call("attention", ...pointers, n, time, width / 3, heads, scratch),
    );
    return results;
  });
  fuse(attentionGradient, ({ dy, qkv, weights }, { heads }) => {
    const [n = 0, time = 0, width = 0] = qkv.shape;
    const result = makeOutput(qkv.shape);
    const pointers = [dy, qkv, weights, result].map(pointerTo);
    const gemm = call("gemmScratch");
    withScratch(gemm + 4 * time * time, (scratch) =>
      call("attentionGradient", ...pointers, n, time, width / 3, heads, scratch + gemm, scratch),
    );
    return result;
  });

  function segmentSum(x: TensorInfo, ids: TensorInfo, segments: number): TensorInfo {
    if (x.dtype !== "float32" || ids.dtype !== "int32")
      throw new Error(`sums of ${x.dtype} by ${ids.dtype}: wasm has those of float32 by int32 only`);
    const inner = x.shape.slice(ids.shape.length);
    const result = makeOutput([segments, ...inner]);
    call("segmentSum", ...[x, ids, result].map(pointerTo), sizeOf(ids.shape), segments, sizeOf(inner));
    return result;
  }
  fuse(embeddingOperation, ({ table, ids }, { rows }) => {
    if (ids.dtype !== "int32") return undefined;
    const width = table.shape[1] ?? 0;
    const result = makeOutput([...ids.shape, width]);
    call("takeRows", ...[table, ids, result].map(pointerTo), sizeOf(ids.shape), rows, width);
    return result;
  });
  fuse(embeddingGradient, ({ dy, ids }, { rows }) => segmentSum(dy, ids, rows));
  replace(
    tf.UnsortedSegmentSum,
    ({ x, segmentIds }: Inputs<"x" | "segmentIds">, { numSegments }: tf.UnsortedSegmentSumAttrs) =>
      segmentSum(x, segmentIds, numSegments),
  );
}
