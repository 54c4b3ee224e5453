/** A heap that is full: in a process of its own, because it never shrinks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "../../shared/training/backend.ts";
import { heapBytes, makeOutput, pointerTo, withScratch } from "../../shared/training/kernels/wasm-heap.ts";
import { wasmHeapBytes } from "../../shared/training/memory.ts";
import { wasm } from "./fixture.ts";

const gigabyte = 2 ** 28;

test("what does not fit on the wasm heap is one sentence, and nothing is overwritten", async () => {
  await startBackend(wasm);
  const before = tf.tensor1d([1, 2, 3]);
  assert.throws(() => makeOutput([2 ** 30]), /^Error: out of memory: WebAssembly has no 4295 MB left$/);
  assert.throws(() => makeOutput([1024, 1024, 1024, 2]), /^Error: out of memory: .* 8590 MB left$/);
  const held = [1, 2, 3].map(() => makeOutput([gigabyte]));
  assert.ok(held.every((tensor) => pointerTo(tensor) > 0));
  assert.throws(() => tf.zeros([gigabyte]), /^Error: out of memory: WebAssembly has no 1074 MB left$/);
  assert.throws(() => withScratch(2 ** 30, () => {}), /out of memory/);
  // What can be had is all but had.
  makeOutput([(wasmHeapBytes - heapBytes() - 2 ** 20) / 4]);
  assert.ok(heapBytes() > wasmHeapBytes - 2 ** 21 && heapBytes() <= wasmHeapBytes);
  assert.deepEqual([...tf.add(before, 1).dataSync()], [2, 3, 4]);
});
