/** What the "Try the model" panel and its worker say to each other: every request has one answer. */
import type { Task } from "../../shared/core/task.ts";
import type { ImageShape } from "../../shared/training/data/data-set.ts";

export interface LoadedModel {
  readonly round: number;
  /** Of the room when the model was handed in, 0 … 1. */
  readonly accuracy: number;
  /** Of this very model, measured here on some of the validation images. */
  readonly checked: { readonly right: number; readonly count: number };
  readonly kind: Task["data"]["kind"];
  readonly shape: ImageShape;
  readonly labels: readonly string[];
}

export interface Example {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly label: string;
}

export interface TryCalls {
  /** A safetensors file of Shoal's. */
  readonly load: { readonly input: ArrayBuffer; readonly output: LoadedModel };
  /** One or several looks at one thing; the probabilities are their mean. */
  readonly predict: { readonly input: Uint8Array; readonly output: Float32Array };
  /** One of the validation images, at random. */
  readonly example: { readonly input: null; readonly output: Example };
}
export type TryMethod = keyof TryCalls;

export type TryRequest = {
  [Method in TryMethod]: {
    readonly call: number;
    readonly method: Method;
    readonly input: TryCalls[Method]["input"];
  };
}[TryMethod];

export type TryAnswer =
  | { readonly call: number; readonly ok: true; readonly output: TryCalls[TryMethod]["output"] }
  | { readonly call: number; readonly ok: false; readonly reason: string };
