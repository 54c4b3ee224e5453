/**
 * The residual networks for small images of He et al. 2015, §4.2 (https://arxiv.org/abs/1512.03385): 6k + 2
 * layers in three stages of 16, 32 and 64 channels, shortcuts without parameters. 20 layers have 0.27 M
 * trained parameters, 110 have 1.7 M.
 */
import * as tf from "@tensorflow/tfjs-core";
import { batchNorm, batchNormResidual, normalize } from "../ops/batch-norm.ts";
import type { Normalized } from "../ops/batch-norm.ts";
import { convolution } from "../ops/convolution.ts";
import { globalAveragePool } from "../ops/global-average-pool.ts";
import { residual } from "../ops/residual.ts";
import { blocksPerStage, resnetStages } from "./classifier-layouts.ts";
import type { Classifier, Pass } from "./classifier.ts";
import { dense } from "./dense.ts";
import type { ParameterSpec } from "./model.ts";
import { readParameters } from "./parameter-reader.ts";
import { halvingShortcut } from "../ops/shortcut.ts";

export function createResnet(depth: number, parameters: readonly ParameterSpec[]): Classifier {
  const firstStatistic = parameters.filter(({ role }) => role === "trained").length;

  return {
    parameters,
    logits(images, values, pass) {
      const layers = layersOf(values, firstStatistic, pass);
      let activity = layers.normalized(images, 1);
      for (const [stage, channels] of resnetStages.entries()) {
        for (let block = 0; block < blocksPerStage(depth); block++) {
          const stride = stage > 0 && block === 0 ? 2 : 1;
          activity = layers.block(activity, stride, channels);
        }
      }
      return layers.dense(globalAveragePool(activity));
    },
  };
}

/** The layers of one pass, each taking the parameters that come next. */
function layersOf(values: readonly tf.Tensor[], firstStatistic: number, pass: Pass) {
  const read = readParameters(values);
  const statistics = readParameters(values, firstStatistic);

  /** In training. */
  function observed({ y, mean, variance }: Normalized): tf.Tensor4D {
    if (pass.kind === "training") pass.observe(mean, variance);
    return y;
  }

  /** Convolution, batch norm and ReLU. */
  function normalized(x: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
    const sums = convolution(x, read.filter(), stride);
    const [scale, offset] = [read.vector(), read.vector()];
    if (pass.kind === "training") return observed(batchNorm(sums, scale, offset, "relu"));
    return normalize(sums, scale, offset, statistics.vector(), statistics.vector(), "relu");
  }

  /** The same with the shortcut added before the ReLU. */
  function joined(x: tf.Tensor4D, shortcut: tf.Tensor4D): tf.Tensor4D {
    const sums = convolution(x, read.filter(), 1);
    const [scale, offset] = [read.vector(), read.vector()];
    if (pass.kind === "training") return observed(batchNormResidual(sums, scale, offset, shortcut));
    const branch = normalize(sums, scale, offset, statistics.vector(), statistics.vector(), "linear");
    return residual(branch, shortcut);
  }

  return {
    normalized,
    dense: (x: tf.Tensor2D) => dense(x, read),
    block: (x: tf.Tensor4D, stride: 1 | 2, channels: number) =>
      // What the block does not need afterwards is freed at once, and not at the end of the pass.
      tf.tidy(() => {
        const shortcut = stride === 1 ? x : halvingShortcut(x, channels);
        return joined(normalized(x, stride), shortcut);
      }),
  };
}
