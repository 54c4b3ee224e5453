/** Convolution of images [n, height, width, channels], "same" padding, no bias. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { at, release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

export type Stride = 1 | 2;

interface Strided {
  readonly strides: Stride;
}

/** @param filter [height, width, channels, filters]; any size */
export function convolution(x: Tensor4D, filter: Tensor4D, stride: Stride): Tensor4D {
  return runOne(convolutionOperation, { x, filter }, { strides: stride });
}

export const convolutionOperation: Operation<"x" | "filter", Strided> = {
  name: "ShoalConvolution",
  compose: ({ x, filter }, { strides }) => [
    tf.engine().runKernel<Tensor>(tf.Conv2D, { x, filter }, { ...asStock(strides), dilations: 1 }),
  ],
  gradient: {
    saveInputs: ["x", "filter"],
    of(dy, saved, attributes) {
      const [x, filter] = [at(saved, 0), at(saved, 1)];
      return {
        // Not computed for the images, which have no gradient.
        x: () => runOne(convolutionInputGradient, { dy, filter }, { ...attributes, inputShape: x.shape }),
        filter: () => {
          const result = runOne(
            convolutionFilterGradient,
            { x, dy },
            { ...attributes, filterShape: filter.shape },
          );
          release(dy, x, filter);
          return result;
        },
      };
    },
  },
};

export const convolutionInputGradient: Operation<
  "dy" | "filter",
  Strided & { readonly inputShape: number[] }
> = {
  name: "ShoalConvolutionInputGradient",
  compose: ({ dy, filter }, { strides, inputShape }) => [
    tf
      .engine()
      .runKernel<Tensor>(tf.Conv2DBackpropInput, { dy, filter }, { ...asStock(strides), inputShape }),
  ],
};

export const convolutionFilterGradient: Operation<"x" | "dy", Strided & { readonly filterShape: number[] }> =
  {
    name: "ShoalConvolutionFilterGradient",
    compose: ({ x, dy }, { strides, filterShape }) => [
      tf.engine().runKernel<Tensor>(tf.Conv2DBackpropFilter, { x, dy }, { ...asStock(strides), filterShape }),
    ],
  };

const asStock = (strides: Stride) => ({ strides, pad: "same", dataFormat: "NHWC" });
