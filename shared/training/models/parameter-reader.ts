/** The parameter tensors of one step, taken in the order of the model's list. */
import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";

export interface ParameterReader {
  /** @throws Error when the next one has another rank, or there is none: the model and its list differ */
  vector(): Tensor1D;
  matrix(): Tensor2D;
  filter(): Tensor4D;
}

export function readParameters(parameters: readonly Tensor[], from = 0): ParameterReader {
  let index = from;

  function next(rank: number): Tensor {
    const tensor = parameters[index];
    if (tensor?.rank !== rank) throw new Error(`the model has no parameter ${index} of rank ${rank}`);
    index += 1;
    return tensor;
  }

  return {
    vector: () => ranked<Rank.R1>(next(1)),
    matrix: () => ranked<Rank.R2>(next(2)),
    filter: () => ranked<Rank.R4>(next(4)),
  };
}

function ranked<R extends Rank>(tensor: Tensor): Tensor<R> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `next` has looked at the rank
  return tensor as Tensor<R>;
}
