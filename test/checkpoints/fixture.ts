/** A folder for checkpoints that is gone after the test, and models to fill it with. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveCheckpoint } from "../../peer-node/checkpoints/save-checkpoint.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { Task, TaskInput } from "../../shared/core/task.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { valueCountOf } from "../../shared/training/model-file.ts";
import { testTask } from "../server/fixture.ts";
import type { Ending } from "../server/fixture.ts";

export const url = "http://127.0.0.1:8080";

export function checkpointTask(more: Partial<TaskInput> = {}): Task {
  return testTask({ name: "kept", rounds: 1_000_000, ...more });
}

export function temporaryFolder(t: Ending): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-checkpoints-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Another model for every round, the same whenever it is asked for. */
export function replicaOf(task: Task, round: number): Replica {
  const rng = createRng(round);
  const values = Float32Array.from({ length: valueCountOf(task) }, () => rng.below(2_001) / 1_000 - 1);
  return { round, values };
}

export async function saveRounds(folder: string, task: Task, rounds: readonly number[], keep = 3) {
  for (const round of rounds)
    await saveCheckpoint({ folder, keep, url, room: "main" }, task, replicaOf(task, round));
}

/** Every file's digest by its name. */
export function contentOf(folder: string): Map<string, string> {
  const digest = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex");
  return new Map(readdirSync(folder).map((file) => [file, digest(file)]));
}
