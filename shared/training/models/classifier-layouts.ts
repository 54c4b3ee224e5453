/** Parameters of the models that tell classes apart, in the order of the flat vector. */
import type { ImageShape } from "../data/data-set.ts";
import type { ParameterSpec, Start } from "./model.ts";
import { denseParameters, he, one, spread, statistic, trained, zero } from "./starts.ts";

/**
 * The layer of the scores starts small (Goyal et al. 2017, §5.1, https://arxiv.org/abs/1706.02677: normal,
 * deviation 0.01), so that every class is about as likely at first: with He's values it would be sure and wrong.
 */
const ofScores = spread(0.01);

/** Side of every convolution's filter. */
const kernelSize = 3;

export function mlpParameters(hidden: readonly number[], inputs: number, classes: number): ParameterSpec[] {
  const widths = [...hidden, classes];
  return widths.flatMap((outputs, layer) =>
    denseParameters(
      `dense${layer}`,
      widths[layer - 1] ?? inputs,
      outputs,
      layer === hidden.length ? ofScores : undefined,
    ),
  );
}

export function cnnParameters(
  channels: readonly number[],
  input: ImageShape,
  classes: number,
): ParameterSpec[] {
  const inputsOf = (layer: number) => channels[layer - 1] ?? input.channels;
  return [
    ...channels.flatMap((outputs, layer) => [
      filter(`convolution${layer}.weights`, inputsOf(layer), outputs),
      trained(`convolution${layer}.bias`, [outputs], zero),
    ]),
    ...denseParameters("dense", cnnFeatures(channels, input), classes, ofScores),
  ];
}

/** What the convolutions leave for the last layer: every pool halves both sides, rounding down. */
function cnnFeatures(channels: readonly number[], input: ImageShape): number {
  const height = Math.floor(input.height / 2 ** channels.length);
  const width = Math.floor(input.width / 2 ** channels.length);
  return height * width * (channels.at(-1) ?? input.channels);
}

/** Channels of the three stages of a residual network. */
export const resnetStages = [16, 32, 64] as const;

/** Residual blocks in each stage of a network of 6k + 2 layers. */
export function blocksPerStage(depth: number): number {
  return (depth - 2) / 6;
}

/**
 * The CIFAR-10 form of He et al. 2015 (§4.2). The scale that ends a block starts at 0 (Goyal et al. 2017,
 * §5.1): every block is the identity at first, which large learning rates need, as they do a small last layer.
 */
export function resnetParameters(depth: number, input: ImageShape, classes: number): ParameterSpec[] {
  const parts = [normalized("stem", input.channels, resnetStages[0], one)];
  let inputs: number = resnetStages[0];
  for (const [stage, outputs] of resnetStages.entries()) {
    for (let block = 0; block < blocksPerStage(depth); block++) {
      const name = `stage${stage}.block${block}`;
      parts.push(normalized(`${name}.first`, inputs, outputs, one));
      parts.push(normalized(`${name}.second`, outputs, outputs, zero));
      inputs = outputs;
    }
  }
  return [
    ...parts.flatMap((part) => part.trained),
    ...denseParameters("dense", inputs, classes, ofScores),
    ...parts.flatMap((part) => part.statistics),
  ];
}

/** A convolution and its batch norm. */
function normalized(name: string, inputs: number, outputs: number, scale: Start) {
  return {
    trained: [
      filter(`${name}.weights`, inputs, outputs),
      trained(`${name}.scale`, [outputs], scale),
      trained(`${name}.offset`, [outputs], zero),
    ],
    statistics: [statistic(`${name}.mean`, [outputs], zero), statistic(`${name}.variance`, [outputs], one)],
  };
}

function filter(name: string, inputs: number, outputs: number): ParameterSpec {
  return trained(name, [kernelSize, kernelSize, inputs, outputs], he(kernelSize * kernelSize * inputs));
}
