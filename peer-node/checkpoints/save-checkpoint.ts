/**
 * Saves a checkpoint: parameters first, manifest last, each whole and synced. Until the manifest stands the
 * ones before are the newest, and only then the oldest of them goes.
 */
import { access, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "../../shared/core/task.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { writeModelFile } from "../../shared/training/model-file.ts";
import { areFinite } from "./finite.ts";
import { faultOf } from "./file-faults.ts";
import { manifestName, parametersName, readName, seriesOf, sha256 } from "./file-names.ts";
import { makeFolder } from "./make-folder.ts";
import { writeManifest } from "./manifest.ts";
import { syncFolder, writeWhole } from "./whole-file.ts";

export interface CheckpointPlace {
  readonly folder: string;
  /** So many of a task stay, the newest. */
  readonly keep: number;
  /** Where the training is to be joined. */
  readonly url: string;
  readonly room: string;
}

const trialName = "shoal-trial";
/** An unfinished file may be another process's that was given the same folder; not after so long. */
const unfinishedMs = 60_000;

/**
 * Makes the folder and tries to write there: nobody should learn it from a run's first save.
 * @throws Error with one sentence.
 */
export async function preparePlace({ folder }: CheckpointPlace): Promise<void> {
  try {
    await makeFolder(folder);
    await writeWhole(folder, trialName, "");
    await rm(join(folder, trialName), { force: true });
  } catch (error) {
    throw new Error(`checkpoint folder (${folder}): can't be written, ${faultOf(error)}`, { cause: error });
  }
}

/**
 * `accuracy`: the newest on the validation data (0 … 1), NaN where there is none yet. Resolves with a sentence
 * where it is saved but what is too old stays.
 * @throws Error with one sentence; what was there before stays whole.
 */
export async function saveCheckpoint(
  place: CheckpointPlace,
  task: Task,
  { round, values }: Replica,
  accuracy = NaN,
): Promise<string | undefined> {
  const { folder, url, room } = place;
  if (!areFinite(values))
    throw new Error(`no checkpoint of round ${round}: the model has values that are not finite`);
  const series = seriesOf(task);
  const bytes = writeModelFile({ task, parameters: values, round, accuracy });
  const digest = sha256(bytes);
  const file = parametersName(series, round, digest);
  const parameters = { file, bytes: bytes.length, sha256: digest };
  const manifest = writeManifest({ url, room, round, task, parameters });
  try {
    await makeFolder(folder);
    const wasThere = await isThere(join(folder, file));
    try {
      await writeWhole(folder, file, bytes);
      // A manifest must not outlive a power cut that its parameters do not.
      await syncFolder(folder);
      await writeWhole(folder, manifestName(series, round), manifest);
    } catch (error) {
      // Parameters without a manifest only take the space that the next ones need.
      if (!wasThere) await rm(join(folder, file), { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw new Error(`no checkpoint of round ${round} in ${folder}: ${faultOf(error)}`, { cause: error });
  }
  return removeOld(place, series, round);
}

async function isAbandoned(path: string): Promise<boolean> {
  const ageMs = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  // A clock that was put back leaves files of the future.
  return Math.abs(ageMs) > unfinishedMs;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Whatever belongs to rounds before the newest `keep` up to `round`. Later rounds are another course of the
 * training and not ours to throw away. A sentence where something can't be removed.
 */
async function removeOld(
  { folder, keep }: CheckpointPlace,
  series: string,
  round: number,
): Promise<string | undefined> {
  const stays = (error: unknown) => `old checkpoints in ${folder} can't be deleted: ${faultOf(error)}`;
  let trouble: string | undefined;
  try {
    const files = (await readdir(folder)).flatMap((file) => {
      const name = readName(file);
      return name?.series === series ? { file, ...name } : [];
    });
    const rounds = files
      .flatMap((name) => (name.kind === "manifest" && name.round <= round ? name.round : []))
      .toSorted((a, b) => b - a);
    const oldest = rounds[Math.min(keep, rounds.length) - 1] ?? round;
    const old = files.filter((name) => name.round < oldest);
    // Manifests first: none may stand without its parameters.
    const inOrder = old.toSorted((a, b) => Number(b.kind === "manifest") - Number(a.kind === "manifest"));
    const whole = new Set<number>();
    for (const { file, kind, round: its } of inOrder) {
      if (kind === "unfinished" ? !(await isAbandoned(join(folder, file))) : whole.has(its)) continue;
      await rm(join(folder, file), { force: true }).catch((error: unknown) => {
        trouble ??= stays(error);
        if (kind === "manifest") whole.add(its);
      });
    }
  } catch (error) {
    trouble = stays(error);
  }
  return trouble;
}
