/** What GPU backends have in common: they can be lost. */
import * as tf from "@tensorflow/tfjs-core";

/** Above what tfjs computes on the processor for a GPU. */
const probeLength = 1024;

/**
 * A lost WebGL context goes on answering, with zeros, until the browser gets round to saying so. So after
 * every call the GPU adds 1 to something.
 * @throws Error with `lostReason` when it can't.
 */
export async function assertComputes(lostReason: string): Promise<void> {
  const sum = tf.tidy(() => tf.add(tf.tensor1d(new Float32Array(probeLength).fill(1)), 1));
  const values = await sum.data();
  sum.dispose();
  if (!values.every((value) => value === 2)) throw new Error(lostReason);
}
