/** Processes that take training steps when told to, and always answer in the end. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ChildMessage, StepReport } from "./compute-child.ts";

/** "tfjs": as it comes, without our kernels. */
export const contestantNames = [
  "shoal wasm",
  "shoal webgpu",
  "tensorflow",
  "tfjs wasm",
  "tfjs cpu",
  "jax-js",
] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface Contestant {
  readonly name: ContestantName;
  readonly backend: string;
  /** @throws Error with the reason when it can't. */
  step(): Promise<StepReport>;
  close(): void;
}

/** tfjs cpu takes minutes for a step of ResNet-20. */
const limitMs = 1_200_000;

/** @throws Error with the reason when it does not start. */
export async function startContestant(name: ContestantName, model: string): Promise<Contestant> {
  const file = fileURLToPath(new URL("./compute-child.js", import.meta.url));
  const child = fork(file, [name, model], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const first = await answer(child);
  if (first.kind !== "ready") {
    child.kill("SIGKILL");
    throw new Error(first.kind === "failed" ? first.reason : "it answered out of turn");
  }
  return {
    name,
    backend: first.backend,
    async step() {
      child.send("step");
      const message = await answer(child);
      if (message.kind === "step") return message;
      throw new Error(message.kind === "failed" ? message.reason : "it answered out of turn");
    },
    close: () => void child.kill("SIGKILL"),
  };
}

function answer(child: ChildProcess): Promise<ChildMessage> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => done({ kind: "failed", reason: `no step within ${limitMs / 1_000} s` }),
      limitMs,
    );
    const onExit = (code: number | null, signal: string | null) =>
      done({ kind: "failed", reason: `its process ended (${signal ?? code})` });
    const done = (message: ChildMessage) => {
      clearTimeout(timer);
      child.off("message", done);
      child.off("exit", onExit);
      resolve(message);
    };
    child.on("message", done);
    child.on("exit", onExit);
  });
}
