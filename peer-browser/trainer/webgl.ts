/** tfjs on WebGL (an OffscreenCanvas); a chunk of its own. */
import * as tf from "@tensorflow/tfjs-core";
import { MathBackendWebGL } from "@tensorflow/tfjs-backend-webgl";
import type { LoadedBackend } from "../../shared/training/backend.ts";
import type { Adapter } from "./adapters.ts";
import { lostReason } from "./gpu.ts";

export function loadWebgl({ name }: Adapter, onLost: (reason: string) => void): LoadedBackend {
  // tfjs refuses software adapters by itself; here the choice is made by what we know and measure.
  tf.env().set("SOFTWARE_WEBGL_ENABLED", true);
  let context: WebGLRenderingContext | undefined;

  return {
    hint: "the graphics card gives no WebGL 2 with floating-point textures",
    async started() {
      const backend = tf.backend();
      if (backend instanceof MathBackendWebGL && !context) {
        context = backend.getGPGPUContext().gl;
        context.canvas.addEventListener("webglcontextlost", () => onLost(lostReason));
      }
      return name ? `webgl (${name})` : "webgl";
    },
  };
}
