/** Processes inside the namespaces of a lab. None of them outlives it. */
import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";

export interface LabSpawnOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdio?: StdioOptions;
}

export interface LabChildren {
  spawn(namespace: string, program: string, args: readonly string[], options?: LabSpawnOptions): ChildProcess;
  killAll(): void;
  /** Kills what still runs and waits until it is gone. */
  end(): Promise<void>;
}

export function createLabChildren(): LabChildren {
  const running = new Set<ChildProcess>();

  function killAll(): void {
    for (const child of running) child.kill("SIGKILL");
  }

  return {
    spawn(namespace, program, args, options = {}) {
      // `ip netns exec` becomes the program: the child's pid and signals are the program's own.
      const child = spawn("ip", ["netns", "exec", namespace, program, ...args], options);
      running.add(child);
      child.once("exit", () => running.delete(child));
      child.once("error", () => running.delete(child));
      return child;
    },
    killAll,
    async end() {
      const gone = [...running].map((child) => once(child, "exit"));
      killAll();
      await Promise.all(gone);
    },
  };
}
