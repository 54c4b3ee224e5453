/** What a thread needs to find and load its backend. */
import type { BackendChoice, LoadedBackend } from "../../shared/training/backend.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import type { Device } from "../../shared/training/backend-thread.ts";
import { wasmFiles } from "../wasm-binaries.ts";
import type { Card } from "./webgpu.ts";

export interface NodeBackends {
  /** @throws Error that says what is missing. */
  find(name: BackendName): Promise<Device>;
  choiceOf(name: BackendName): BackendChoice;
}

/** @param device which of several graphics cards, from 0 */
export function createNodeBackends(
  device: number | undefined,
  onLost: (reason: string) => void,
): NodeBackends {
  let finding: Promise<Card> | undefined;
  let loading: Promise<LoadedBackend> | undefined;

  async function findCard(): Promise<Card> {
    const webgpu = await import("./webgpu.ts");
    return (finding ??= webgpu.findCard(device));
  }

  async function load(name: BackendName): Promise<LoadedBackend> {
    if (name === "tensorflow") return (await import("./tensorflow.ts")).loadTensorflow(device);
    const { loadWebgpu } = await import("./webgpu.ts");
    return loadWebgpu(await findCard(), onLost);
  }

  return {
    async find(name) {
      if (name !== "webgpu") return { isSoftware: false };
      const { isSoftware } = await findCard();
      return { isSoftware };
    },
    choiceOf(name) {
      if (name === "cpu") return { name };
      if (name === "wasm") return { name, ...wasmFiles() };
      return { name, load: () => (loading ??= load(name)) };
    },
  };
}
