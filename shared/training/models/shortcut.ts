/**
 * Option A of He et al. 2015 (§3.3): where a residual network halves its images and has more channels from
 * there on, the shortcut takes every second pixel and leaves the new channels 0. It has no parameters.
 */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Images [n, h, w, c] to [n, ⌈h/2⌉, ⌈w/2⌉, channels]; half of the new channels come first.
 * With a gradient of its own: tfjs differentiates neither slices nor pads here.
 */
export function halvingShortcut(images: tf.Tensor4D, channels: number): tf.Tensor4D {
  const [count, height, width, inputs] = images.shape;
  const rows = Math.ceil(height / 2);
  const columns = Math.ceil(width / 2);
  const first = Math.floor((channels - inputs) / 2);
  const last = channels - inputs - first;
  // Rows of pairs of pixels, so that taking one of each pair is a plain slice.
  const pairs: [number, number, number, number] = [count * rows, 2, columns, 2 * inputs];
  const firsts: [number, number, number, number] = [count * rows, 1, columns, inputs];

  const operation = tf.customGrad(() => ({
    value: tf.tidy(() => {
      const even = tf.pad(images, [
        [0, 0],
        [0, 2 * rows - height],
        [0, 2 * columns - width],
        [0, 0],
      ]);
      const taken = tf.slice(tf.reshape(even, pairs), [0, 0, 0, 0], firsts);
      return tf.pad(tf.reshape(taken, [count, rows, columns, inputs]), [
        [0, 0],
        [0, 0],
        [0, 0],
        [first, last],
      ]);
    }),
    gradFunc: (dy) =>
      tf.tidy(() => {
        const kept = tf.slice(single(dy), [0, 0, 0, first], [count, rows, columns, inputs]);
        const spread = tf.pad(tf.reshape(kept, firsts), [
          [0, 0],
          [0, 1],
          [0, 0],
          [0, inputs],
        ]);
        const even = tf.reshape(spread, [count, 2 * rows, 2 * columns, inputs]);
        return tf.slice(even, [0, 0, 0, 0], images.shape);
      }),
  }));
  return tf.reshape<tf.Rank.R4>(operation(images), [count, rows, columns, channels]);
}

function single(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  if (Array.isArray(dy)) throw new Error("the shortcut has one result");
  return dy;
}
