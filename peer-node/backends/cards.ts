/** Which of several graphics cards: `--device`. */
import type { BackendName } from "../../shared/training/backend-report.ts";
import { isGpu } from "../../shared/training/backend-thread.ts";

/** What the environment of the process that computes has to say: CUDA reads it there, that of a thread is a copy. */
export function oneCard(name: BackendName, device: number | undefined): Readonly<Record<string, string>> {
  return name === "tensorflow" && device !== undefined ? { CUDA_VISIBLE_DEVICES: String(device) } : {};
}

interface Tried {
  readonly name: BackendName;
  readonly works: boolean;
  readonly note: string | null;
}

/** One sentence when a card was asked for by number and none works; undefined when all is well. */
export function whyNoCard(device: number | undefined, tried: readonly Tried[]): string | undefined {
  const cards = tried.filter(({ name }) => isGpu(name));
  if (device === undefined || cards.some(({ works }) => works)) return undefined;
  const reasons = cards.map(({ name, note }) => `${name}: ${note}`);
  return `--device (${device}): no graphics card can be used here (${reasons.join("; ")})`;
}
