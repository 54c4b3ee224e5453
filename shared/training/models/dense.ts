/** A fully connected layer. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { linear } from "../ops/linear.ts";
import type { ParameterReader } from "./parameter-reader.ts";

/** `inputs` [n, i] × the next matrix [i, o] + the next vector [o]. */
export function dense(
  inputs: Tensor2D,
  read: ParameterReader,
  activation: "relu" | "linear" = "linear",
): Tensor2D {
  return linear(inputs, read.matrix(), read.vector(), activation);
}
