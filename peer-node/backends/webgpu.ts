/**
 * WebGPU in Node: Dawn, Chromium's own implementation, through the optional package `webgpu`. tfjs looks for
 * it where a browser has it, in `navigator`.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LoadedBackend } from "../../shared/training/backend.ts";
import type { Device } from "../../shared/training/backend-thread.ts";
import { isSoftwareName } from "../../shared/training/software-adapter.ts";
import { hasGraphicsDriver, noGraphicsDriver } from "./vulkan-drivers.ts";

export interface Card extends Device {
  /** For people. */
  readonly name: string;
  readonly gpu: GPU;
}

/**
 * @param device which of several cards, from 0; the driver's choice when it isn't said
 * @throws Error that says what is missing
 */
export async function findCard(device: number | undefined): Promise<Card> {
  if (!hasGraphicsDriver()) throw new Error(noGraphicsDriver);
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const names = await cardNames(create);
  const wanted = device === undefined ? undefined : nameOf(device, names);
  const gpu = create(wanted === undefined ? [] : [`adapter=${wanted}`]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("it finds no graphics card that it can use");
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = wanted ?? (names.length === 1 ? names[0] : undefined) ?? description;
  const isSoftware = isFallbackAdapter || isSoftwareName(`${vendor} ${architecture} ${description} ${name}`);
  return { name: name.slice(0, 40), isSoftware, gpu };
}

type Create = (flags: string[]) => GPU;

/** Dawn has no list but in the words with which it refuses a card that does not exist. */
async function cardNames(create: Create): Promise<string[]> {
  try {
    await create(["adapter=no card has this name"]).requestAdapter();
    return [];
  } catch (error) {
    return [...String(error).matchAll(/name: '(.*)'/g)].map(([, name]) => name ?? "");
  }
}

function nameOf(device: number, names: readonly string[]): string {
  const wanted = names[device];
  if (wanted === undefined)
    throw new Error(
      `--device (${device}): there ${names.length === 1 ? "is one card" : `are ${names.length} cards`}, numbered from 0`,
    );
  // Dawn takes the first whose name has these words in it.
  const first = names.findIndex((name) => name.includes(wanted));
  if (first !== device)
    throw new Error(
      `--device (${device}): card ${first} has the same name, and WebGPU can't tell them apart: let each process see one card only (a container with NVIDIA_VISIBLE_DEVICES), or use --backend tensorflow`,
    );
  return wanted;
}

export async function loadWebgpu(card: Card, onLost: (reason: string) => void): Promise<LoadedBackend> {
  const navigator = { gpu: card.gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  let isWatched = false;

  async function watch(device: GPUDevice): Promise<void> {
    if (isWatched) return;
    isWatched = true;
    const { message } = await device.lost;
    onLost(`the driver lost the graphics card${message ? `: ${message}` : ""}`);
  }

  return {
    hint: "the graphics card gives no device",
    async started() {
      const backend = tf.backend();
      if (backend instanceof WebGPUBackend) void watch(backend.device);
      return `webgpu (${card.name})`;
    },
  };
}
