/**
 * Between the flat vector and tensors. A vector becomes new tensors every time: kernels keep packed weights
 * by tensor, so writing into an existing one would go on computing with the old values.
 */
import * as tf from "@tensorflow/tfjs-core";
import { countOf, sizeOf } from "./models/model.ts";
import type { ParameterSpec } from "./models/model.ts";

/** @throws Error with one sentence when the vector is not of these parameters */
export function parameterTensors(flat: Float32Array, parameters: readonly ParameterSpec[]): tf.Tensor[] {
  const expected = countOf(parameters);
  if (flat.length !== expected) throw new Error(`${flat.length} parameters came, the model has ${expected}`);
  let offset = 0;
  // All or none: the memory may not hold them.
  return tf.tidy(() =>
    parameters.map((spec) => {
      const start = offset;
      offset += sizeOf(spec);
      // A copy: the cpu backend keeps the array that it is given, and GPUs read it later.
      return tf.tensor(flat.slice(start, offset), [...spec.shape], "float32");
    }),
  );
}

/** Writes the tensors' values one after the other into `target` and disposes of them. */
export async function readInto(target: Float32Array, tensors: readonly tf.Tensor[]): Promise<void> {
  let offset = 0;
  const put = (values: ArrayLike<number>) => {
    target.set(values, offset);
    offset += values.length;
  };
  const backend = tf.backend();
  try {
    // Straight from the heap: a tenth of the time that one copy for each tensor takes.
    if (hasHeap(backend)) for (const tensor of tensors) put(backend.typedArrayFromHeap(tensor));
    // All in one go: a GPU makes the thread wait for every single reading.
    else for (const values of await Promise.all(tensors.map((tensor) => tensor.data()))) put(values);
  } finally {
    tf.dispose([...tensors]);
  }
}

/** Its values; it is disposed of, whatever happens. */
export async function readOnce(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<"float32">();
  } finally {
    tensor.dispose();
  }
}

/** The wasm backend, without loading it for those who have another. */
interface Heap {
  typedArrayFromHeap(tensor: tf.TensorInfo): ArrayLike<number>;
}

function hasHeap(backend: object): backend is Heap {
  return "typedArrayFromHeap" in backend;
}
