/** Which graphics card there is, if any, asked before a GPU backend is loaded: they weigh 70 kB each. */
import type { Device } from "../../shared/training/backend-thread.ts";
import { isSoftwareName } from "../../shared/training/software-adapter.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";

export interface Adapter extends Device {
  /** For people; empty where the browser does not say. */
  readonly name: string;
}

/** @throws Error that says what is missing. */
export async function findAdapter(backend: BackendName): Promise<Adapter> {
  if (backend === "webgpu") return findWebgpuAdapter();
  if (backend === "webgl") return findWebglAdapter();
  return { name: "", isSoftware: false };
}

const noCard = "it finds no graphics card that it can use";

async function findWebgpuAdapter(): Promise<Adapter> {
  // Typed as always there; it is not in every browser, nor on plain http.
  if (!Reflect.get(navigator, "gpu"))
    throw new Error(isSecureContext ? "this browser has none" : "it needs https");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error(noCard);
  // Where the words about it are differs between browsers and years.
  const info: unknown = Reflect.get(adapter, "info");
  const words = (key: string) => text(info, key);
  const everything = ["vendor", "architecture", "device", "description"].map(words).join(" ");
  const isFallback = flag(info, "isFallbackAdapter") || flag(adapter, "isFallbackAdapter");
  return {
    name: shortName(words("description") || `${words("vendor")} ${words("architecture")}`),
    isSoftware: isFallback || isSoftwareName(everything),
  };
}

function findWebglAdapter(): Adapter {
  if (typeof OffscreenCanvas === "undefined") throw new Error("this browser has none for workers");
  const context = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!context) throw new Error(noCard);
  const details = context.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = context.getParameter(details?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  // Browsers allow only so many contexts at a time.
  context.getExtension("WEBGL_lose_context")?.loseContext();
  if (typeof name !== "string") return { name: "", isSoftware: false };
  return { name: shortName(name), isSoftware: isSoftwareName(name) };
}

/**
 * In a peer's row there is no room for a driver's whole pedigree, as in "ANGLE (NVIDIA, NVIDIA GeForce RTX
 * 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)".
 */
function shortName(name: string): string {
  const device = /^ANGLE \([^,]*, (.*)$/.exec(name)?.[1] ?? name;
  return device
    .replace(/^ANGLE Metal Renderer: |^Vulkan [\d.]+ /, "")
    .replace(/,.*$| Direct3D.*$| OpenGL.*$| \(0x.*$/, "")
    .replaceAll(/[()]/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 40);
}

function text(of: unknown, key: string): string {
  const value: unknown = typeof of === "object" && of ? Reflect.get(of, key) : undefined;
  return typeof value === "string" ? value : "";
}

function flag(of: unknown, key: string): boolean {
  return typeof of === "object" && of !== null && Reflect.get(of, key) === true;
}
