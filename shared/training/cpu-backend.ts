/** tfjs in plain JavaScript: slow, and always there. */
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import type { LoadedBackend } from "./backend.ts";

export function loadCpu(): LoadedBackend {
  return { hint: `tfjs-backend-cpu is ${version_cpu}`, started: async () => "cpu" };
}
