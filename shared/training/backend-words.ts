/** The choice of a backend in words for people who have never heard of one. */
import { isGpu } from "./backend-thread.ts";
import type { BackendName, BackendTrial, Wish } from "./backend-report.ts";

const families: Readonly<Record<BackendName, string>> = {
  webgpu: "WebGPU",
  tensorflow: "TensorFlow",
  webgl: "WebGL",
  wasm: "WebAssembly",
  cpu: "JavaScript",
};

/** `backend`: the trainer's own word, with what is special about it in brackets: "wasm (SIMD)". */
export function titleOf(name: BackendName, backend: string): string {
  const special = /\((.*)\)/.exec(backend)?.[1];
  if (isGpu(name)) return special ? `${families[name]}: ${special}` : families[name];
  return `${families[name]}${special ? ` (${special})` : ""} on the processor`;
}

/** Why this one, and what is missing if it is slow. */
export function whyChosen(name: BackendName, wish: Wish, trials: readonly BackendTrial[]): string {
  const own = trials.find((trial) => trial.name === name);
  return [reason(name, wish, trials), own?.note && `It is ${own.note}.`, slowness(name, trials)]
    .filter(Boolean)
    .join(" ");
}

/** After a loss. */
export function whyReplaced(was: BackendName, why: string): string {
  return `${families[was]} was lost (${why}), so training goes on here.`;
}

function reason(name: BackendName, { processor, only }: Wish, trials: readonly BackendTrial[]): string {
  const wanted = only === undefined ? "the GPU" : families[only];
  if (processor === "cpu") return `You asked for ${only === undefined ? "the processor" : wanted}.`;
  const wish = processor === "gpu" ? `You asked for ${wanted}` : "";
  const rivals = trials.filter((trial) => trial.stepMs !== null && isGpu(trial.name) !== isGpu(name));
  const rivalMs = Math.min(...rivals.map(({ stepMs }) => stepMs ?? Infinity));
  const ownMs = trials.find((trial) => trial.name === name)?.stepMs ?? NaN;
  if (isGpu(name)) {
    const times = Number.isFinite(rivalMs)
      ? `a training step takes ${milliseconds(ownMs)} on it and ${milliseconds(rivalMs)} on the processor`
      : `a training step takes ${milliseconds(ownMs)} on it`;
    return wish
      ? `${wish}: ${times}.`
      : `${name === "tensorflow" ? "TensorFlow" : "The GPU"} is faster: ${times}.`;
  }
  if (rivals.length > 0)
    return `For this model the processor is faster: a training step takes ${milliseconds(ownMs)}, on the GPU ${milliseconds(rivalMs)}.`;
  return `${wish ? `${wish}, but none` : "No GPU"} can be used (${missing(trials)}).`;
}

function slowness(name: BackendName, trials: readonly BackendTrial[]): string {
  if (name !== "cpu") return "";
  const wasm = trials.find((trial) => trial.name === "wasm");
  if (!wasm) return "Without WebAssembly it is slow.";
  return `WebAssembly does not work here (${wasm.note}), which makes it slow.`;
}

/** "WebGPU: why not; WebGL: why not", or "WebGPU, WebGL: why neither". */
function missing(trials: readonly BackendTrial[]): string {
  const names = new Map<string, string[]>();
  for (const { name, note } of trials.filter((trial) => isGpu(trial.name))) {
    const why = note ?? "too slow";
    names.set(why, [...(names.get(why) ?? []), families[name]]);
  }
  return [...names].map(([why, which]) => `${which.join(", ")}: ${why}`).join("; ");
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
