/** tfjs on WebGPU; a chunk of its own. */
import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { LoadedBackend } from "../../shared/training/backend.ts";
import type { Adapter } from "./adapters.ts";
import { lostReason } from "./gpu.ts";

export function loadWebgpu({ name }: Adapter, onLost: (reason: string) => void): LoadedBackend {
  let isWatched = false;

  async function watch(device: GPUDevice): Promise<void> {
    if (isWatched) return;
    isWatched = true;
    await device.lost;
    onLost(lostReason);
  }

  return {
    hint: "the graphics card gives no device",
    async started() {
      const backend = tf.backend();
      if (backend instanceof WebGPUBackend) void watch(backend.device);
      return name ? `webgpu (${name})` : "webgpu";
    },
  };
}
