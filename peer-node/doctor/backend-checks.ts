/** Which backends there are on this machine and how fast each is, or why it is missing. */
import { titleOf } from "../../shared/training/backend-words.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { oneCard } from "../backends/cards.ts";
import { installedPackage, isOptional, missingPackage } from "../backends/optional-packages.ts";
import { askChild } from "./ask-child.ts";
import type { Measured } from "./measure-child.ts";

export interface BackendCheck {
  readonly name: BackendName;
  /** Null when it can't be used, for the reason in `note`. */
  readonly title: string | null;
  readonly matrixGflops: number | null;
  readonly convolutionGflops: number | null;
  readonly note: string | null;
}

export interface BackendCheckOptions {
  /** Which of several graphics cards, from 0. */
  readonly device?: number | undefined;
  readonly limitMs?: number;
  /** What measures; tests hand in one that hangs. */
  readonly file?: URL;
}

export const checkedBackends = ["webgpu", "tensorflow", "wasm", "cpu"] as const;

/** One after the other: they share the processor. */
export async function checkBackends(options: BackendCheckOptions): Promise<BackendCheck[]> {
  const checks: BackendCheck[] = [];
  for (const name of checkedBackends) checks.push(await checkBackend(name, options));
  return checks;
}

async function checkBackend(name: BackendName, options: BackendCheckOptions): Promise<BackendCheck> {
  try {
    if (isOptional(name) && installedPackage(name) === undefined) throw new Error(missingPackage(name));
    const { backend, isSoftware, matrixGflops, convolutionGflops } = await measure(name, options);
    const note = isSoftware ? "a software adapter: never chosen, but by --backend webgpu" : null;
    return { name, title: titleOf(name, backend), matrixGflops, convolutionGflops, note };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { name, title: null, matrixGflops: null, convolutionGflops: null, note };
  }
}

function measure(name: BackendName, { device, limitMs = 20_000, file }: BackendCheckOptions) {
  return askChild<Measured>({
    file: file ?? new URL("./measure-child.js", import.meta.url),
    args: [name, ...(device === undefined ? [] : [String(device)])],
    environment: oneCard(name, device),
    limitMs,
    late: `it took longer than ${limitMs / 1_000} s`,
  });
}
