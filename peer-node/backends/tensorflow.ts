/**
 * TensorFlow's own library through the optional packages tfjs-node-gpu (CUDA) and tfjs-node (processor).
 * They are native, and old: 4.22.0 wants CUDA 11, and functions that Node 23 took out of `util`.
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import type { LoadedBackend } from "../../shared/training/backend.ts";
import { installedPackage, missingPackage } from "./optional-packages.ts";

/** @param device the card that a person asked for, the only one that CUDA sees */
export async function loadTensorflow(device: number | undefined): Promise<LoadedBackend> {
  const name = installedPackage("tensorflow");
  if (name === undefined) throw new Error(missingPackage("tensorflow"));
  restoreUtil();
  // Not a dependency: what isn't installed has no types.
  await import(name);
  return {
    hint: `${name} does not register itself`,
    async started() {
      const isOnGpu = Reflect.get(tf.backend(), "isUsingGpuDevice") === true;
      if (device !== undefined && !isOnGpu)
        throw new Error(`--device (${device}): TensorFlow finds no such card`);
      return `tensorflow (${isOnGpu ? "GPU" : "processor"})`;
    },
  };
}

/** https://github.com/tensorflow/tfjs/pull/8425: merged, never released. */
function restoreUtil(): void {
  const util: Record<string, unknown> = createRequire(import.meta.url)("node:util");
  util["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}
