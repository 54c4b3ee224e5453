/**
 * Scaled dot-product attention of several heads in which no position sees a later one (Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762): softmax(q·kᵀ / √d)·v.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import { at, release, runHidden, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

interface Heads {
  readonly heads: number;
}

/**
 * @param qkv queries, keys and values side by side, each of all heads: [n, time, 3·c]
 * @param heads divides c
 * @returns [n, time, c]
 */
export function causalAttention(qkv: Tensor3D, heads: number): Tensor3D {
  return runHidden(attentionOperation, { qkv }, { heads });
}

/** To the result, and the weights [n, heads, time, time]. */
export const attentionOperation: Operation<"qkv", Heads> = {
  name: "ShoalCausalAttention",
  compose({ qkv }, { heads }) {
    const [q, k, v] = split(qkv, heads);
    const time = qkv.shape[1] ?? 0;
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[3] ?? 1));
    const weights = tf.softmax(tf.add(scores, maskOf(time)));
    return [merge(tf.matMul(weights, v)), weights];
  },
  gradient: {
    saveInputs: ["qkv"],
    saveOutputs: [false, true],
    of: (dy, saved, attributes) => ({
      qkv: () => {
        const [qkv, weights] = [at(saved, 0), at(saved, 1)];
        const result = runOne(attentionGradient, { dy, qkv, weights }, attributes);
        release(dy, qkv, weights);
        return result;
      },
    }),
  },
};

export const attentionGradient: Operation<"dy" | "qkv" | "weights", Heads> = {
  name: "ShoalCausalAttentionGradient",
  compose({ dy, qkv, weights }, { heads }) {
    const [q, k, v] = split(qkv, heads);
    const dOut = byHead(dy, heads);
    const dWeights = tf.matMul(dOut, v, false, true);
    const own = tf.sum(tf.mul(dWeights, weights), 3, true);
    const dScores = tf.mul(tf.mul(weights, tf.sub(dWeights, own)), 1 / Math.sqrt(q.shape[3] ?? 1));
    const dq = tf.matMul(dScores, k);
    const dk = tf.matMul(dScores, q, true, false);
    const dv = tf.matMul(weights, dOut, true, false);
    return [tf.concat([merge(dq), merge(dk), merge(dv)], 2)];
  },
};

/** Queries, keys and values, [n, heads, time, c / heads] each. */
function split(qkv: Tensor, heads: number): [Tensor, Tensor, Tensor] {
  const parts = tf.split(qkv, 3, 2).map((part) => byHead(part, heads));
  return [at(parts, 0), at(parts, 1), at(parts, 2)];
}

function byHead(x: Tensor, heads: number): Tensor {
  const [n = 0, time = 0, channels = 0] = x.shape;
  return tf.transpose(tf.reshape(x, [n, time, heads, channels / heads]), [0, 2, 1, 3]);
}

function merge(x: Tensor): Tensor {
  const [n = 0, heads = 0, time = 0, width = 0] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [n, time, heads * width]);
}

/** What makes later positions weigh nothing. */
function maskOf(time: number): Tensor {
  const isLater = (index: number) => index % time > Math.floor(index / time);
  const mask = Float32Array.from({ length: time * time }, (_, index) => (isLater(index) ? -1e9 : 0));
  return tf.tensor(mask, [time, time]);
}
