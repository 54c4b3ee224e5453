/**
 * A small GPT that predicts the next character: GPT-2's pre-norm blocks (Radford et al. 2019; the shapes are
 * those of https://github.com/karpathy/nanoGPT), without dropout. 4 layers of width 128 on 64 characters of
 * 65 kinds have 0.82 M parameters.
 */
import * as tf from "@tensorflow/tfjs-core";
import { causalAttention } from "../ops/causal-attention.ts";
import { embedding } from "../ops/embedding.ts";
import { gelu } from "../ops/gelu.ts";
import { layerNorm } from "../ops/layer-norm.ts";
import { dense } from "./dense.ts";
import type { ParameterSpec } from "./model.ts";
import { readParameters } from "./parameter-reader.ts";
import type { ParameterReader } from "./parameter-reader.ts";

export interface LanguageModel {
  readonly parameters: readonly ParameterSpec[];
  /**
   * Scores [windows · context, characters] of what follows each character.
   * @param characters character numbers [windows · context], window after window
   */
  logits(characters: tf.Tensor1D, windows: number, parameters: readonly tf.Tensor[]): tf.Tensor2D;
}

export function createTransformer(
  spec: { readonly layers: number; readonly heads: number },
  parameters: readonly ParameterSpec[],
): LanguageModel {
  return {
    parameters,
    logits(characters, windows, values) {
      const read = readParameters(values);
      const known = embedding(read.matrix(), characters);
      const places = read.matrix();
      const [context, width] = places.shape;
      const placed = tf.add(tf.reshape(known, [windows, context, width]), places);
      let activity = tf.reshape<tf.Rank.R2>(placed, [windows * context, width]);
      for (let layer = 0; layer < spec.layers; layer++) {
        activity = tf.tidy(() => feedForward(attention(activity, windows, spec.heads, read), read));
      }
      return dense(norm(activity, read), read);
    },
  };
}

function attention(x: tf.Tensor2D, windows: number, heads: number, read: ParameterReader): tf.Tensor2D {
  const [rows, width] = x.shape;
  const input = dense(norm(x, read), read);
  const mixed = causalAttention(tf.reshape<tf.Rank.R3>(input, [windows, rows / windows, 3 * width]), heads);
  return tf.add(x, dense(tf.reshape<tf.Rank.R2>(mixed, [rows, width]), read));
}

function feedForward(x: tf.Tensor2D, read: ParameterReader): tf.Tensor2D {
  const inner = gelu(dense(norm(x, read), read));
  return tf.add(x, dense(inner, read));
}

function norm(x: tf.Tensor2D, read: ParameterReader): tf.Tensor2D {
  return layerNorm(x, read.vector(), read.vector());
}
