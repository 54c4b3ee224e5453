/**
 * Option A of He et al. 2015 (§3.3): where a residual network halves its images and has more channels from
 * there on, the shortcut takes every second pixel and leaves the new channels 0. It has no parameters.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

/** Of what goes in: all but how many images it is. */
export interface ShortcutShape {
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  /** Channels of the result, not fewer than `inputs`; half of the new ones come first. */
  readonly channels: number;
}

/** Images [n, h, w, c] to [n, ⌈h/2⌉, ⌈w/2⌉, channels]. */
export function halvingShortcut(images: Tensor4D, channels: number): Tensor4D {
  const [, height, width, inputs] = images.shape;
  return runOne(halvingShortcutOperation, { images }, { height, width, inputs, channels });
}

/** New channels before the old ones, and after them. */
export function newChannels({ inputs, channels }: ShortcutShape): [first: number, last: number] {
  const first = Math.floor((channels - inputs) / 2);
  return [first, channels - inputs - first];
}

const halved = ({ height, width }: ShortcutShape) => [Math.ceil(height / 2), Math.ceil(width / 2)] as const;

/** Rows of pairs of pixels, so that taking one of each pair is a plain slice. */
function pairShapes(count: number, shape: ShortcutShape) {
  const [rows, columns] = halved(shape);
  const { inputs } = shape;
  return {
    pairs: [count * rows, 2, columns, 2 * inputs] as [number, number, number, number],
    firsts: [count * rows, 1, columns, inputs] as [number, number, number, number],
    even: [count, 2 * rows, 2 * columns, inputs] as [number, number, number, number],
    small: [count, rows, columns, inputs] as [number, number, number, number],
  };
}

export const halvingShortcutOperation: Operation<"images", ShortcutShape> = {
  name: "ShoalHalvingShortcut",
  compose({ images }, shape) {
    const { pairs, firsts, even, small } = pairShapes(images.shape[0] ?? 0, shape);
    const padded = tf.pad(images, [
      [0, 0],
      [0, even[1] - shape.height],
      [0, even[2] - shape.width],
      [0, 0],
    ]);
    const taken = tf.slice(tf.reshape(padded, pairs), [0, 0, 0, 0], firsts);
    return [tf.pad(tf.reshape(taken, small), [[0, 0], [0, 0], [0, 0], newChannels(shape)])];
  },
  gradient: {
    saveInputs: [],
    of: (dy, _saved, shape) => ({ images: () => runOne(halvingShortcutGradient, { dy }, shape) }),
  },
};

export const halvingShortcutGradient: Operation<"dy", ShortcutShape> = {
  name: "ShoalHalvingShortcutGradient",
  compose({ dy }, shape) {
    const { firsts, even, small } = pairShapes(dy.shape[0] ?? 0, shape);
    const [first] = newChannels(shape);
    const kept = tf.slice(dy, [0, 0, 0, first], small);
    const spread = tf.pad(tf.reshape(kept, firsts), [
      [0, 0],
      [0, 1],
      [0, 0],
      [0, shape.inputs],
    ]);
    const size: [number, number, number, number] = [small[0], shape.height, shape.width, shape.inputs];
    return [tf.slice<tf.Rank, Tensor>(tf.reshape(spread, even), [0, 0, 0, 0], size)];
  },
};
