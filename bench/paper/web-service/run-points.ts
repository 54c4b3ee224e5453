/** Scenarios on k threads. Each is independent of the others, so their order changes no figure. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RunFigures, Scenario } from "./network/run.ts";

export async function runPoints(
  scenarios: readonly Scenario[],
  jobs: number,
  onPoint: (scenario: Scenario, figures: RunFigures) => void,
): Promise<void> {
  const waiting = scenarios.values();

  async function work(): Promise<void> {
    const worker = new Worker(new URL("point-worker.js", import.meta.url));
    try {
      for (const scenario of waiting) {
        const answer = once(worker, "message");
        worker.postMessage(scenario, []);
        const [figures]: readonly RunFigures[] = await answer;
        if (figures) onPoint(scenario, figures);
      }
    } finally {
      await worker.terminate();
    }
  }

  await Promise.all(Array.from({ length: jobs }, work));
}
