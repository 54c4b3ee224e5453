/**
 * Finds the newest checkpoint that is whole: everything about it is checked before it is used, and what is
 * wrong with one is said while the one before is tried.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "../../shared/core/task.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { readModelFile, valueCountOf } from "../../shared/training/model-file.ts";
import { areFinite } from "./finite.ts";
import { codeOf, faultOf } from "./file-faults.ts";
import { canonical, manifestName, parametersName, readName, sha256 } from "./file-names.ts";
import type { CheckpointName } from "./file-names.ts";
import { maxManifestBytes, readManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

interface Found {
  readonly file: string;
  readonly series: string;
  readonly manifest: Manifest;
}

export type Tell = (sentence: string) => void;

/** A parameter file is its values and less than this. */
const maxHeaderBytes = 1_048_576;
const bytesPerValue = 4;

/** The newest whole checkpoint of `task`, or undefined. `tell` hears why each newer one is not used. */
export async function findCheckpoint(folder: string, task: Task, tell: Tell): Promise<Replica | undefined> {
  const others = new Set<string>();
  for await (const found of manifests(folder, tell)) {
    const difference = differenceOf(found.manifest.task, task);
    if (difference !== undefined) others.add(`"${found.manifest.task.name}", ${difference}`);
    else {
      const values = await parametersOf(folder, found, tell);
      if (values) return { round: found.manifest.round, values };
    }
  }
  for (const other of others)
    tell(`checkpoints in ${folder} are not used: they are of another task than the room's (${other})`);
  return undefined;
}

/**
 * Where the checkpoints of a folder were made, read from whole manifests. `tell` hears what is wrong with
 * those that are there if none is whole.
 * @throws Error with one sentence when there is none, or there are several tasks.
 */
export async function roomOf(folder: string, tell: Tell): Promise<string> {
  let newest: Found | undefined;
  const faults: string[] = [];
  for await (const found of manifests(folder, (fault) => faults.push(fault))) {
    newest ??= found;
    if (differenceOf(found.manifest.task, newest.manifest.task) !== undefined)
      throw new Error(
        `${folder}: has checkpoints of several tasks: say which room, shoal join URL --checkpoint ${folder} --resume`,
      );
  }
  if (!newest) {
    for (const fault of faults) tell(fault);
    throw new Error(`${folder}: no whole checkpoint is there`);
  }
  return newest.manifest.url;
}

/** Whole manifests, those of the latest rounds first. */
async function* manifests(folder: string, tell: Tell): AsyncGenerator<Found> {
  for (const { file, name } of await manifestFiles(folder, tell)) {
    const path = join(folder, file);
    try {
      if ((await stat(path)).size > maxManifestBytes)
        throw new Error(`it has more than ${maxManifestBytes} bytes`);
      const manifest = readManifest(await readFile(path, "utf8"));
      checkNames(name, manifest);
      yield { file, series: name.series, manifest };
    } catch (error) {
      tell(`checkpoint ${path} is not used: ${faultOf(error)}`);
    }
  }
}

async function manifestFiles(folder: string, tell: Tell): Promise<{ file: string; name: CheckpointName }[]> {
  try {
    return (await readdir(folder))
      .flatMap((file) => {
        const name = readName(file);
        return name?.kind === "manifest" ? { file, name } : [];
      })
      .toSorted((a, b) => b.name.round - a.name.round);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") tell(`checkpoints in ${folder} can't be read: ${faultOf(error)}`);
    return [];
  }
}

/** A manifest that was copied over another one, or that leads out of its folder. */
function checkNames({ series, round }: CheckpointName, { round: own, task, parameters }: Manifest): void {
  if (own !== round || own > task.rounds) throw new Error(`it is of round ${own}`);
  if (parameters.file !== parametersName(series, round, parameters.sha256))
    throw new Error(`its parameters are not in a file of its name`);
}

async function parametersOf(folder: string, found: Found, tell: Tell): Promise<Float32Array | undefined> {
  const { parameters } = found.manifest;
  try {
    return await readParameters(join(folder, parameters.file), found.manifest);
  } catch (error) {
    const manifest = manifestName(found.series, found.manifest.round);
    tell(`checkpoint ${join(folder, manifest)} is not used: its ${parameters.file}: ${faultOf(error)}`);
    return undefined;
  }
}

async function readParameters(path: string, { task, round, parameters }: Manifest): Promise<Float32Array> {
  const { size } = await stat(path);
  if (size !== parameters.bytes)
    throw new Error(`it has ${size} bytes where ${parameters.bytes} were written`);
  if (size > valueCountOf(task) * bytesPerValue + maxHeaderBytes)
    throw new Error("it is larger than its model can be");
  const bytes = await readFile(path);
  if (sha256(bytes) !== parameters.sha256) throw new Error("it is damaged: its digest differs");
  const model = readModelFile(bytes);
  if (model.round !== round || differenceOf(model.task, task) !== undefined)
    throw new Error("it is the model of another checkpoint");
  if (!areFinite(model.parameters)) throw new Error("it has values that are not finite");
  return model.parameters;
}

/** Undefined where both tasks are the same. */
function differenceOf(kept: Task, room: Task): string | undefined {
  const [before, now] = [new Map(Object.entries(kept)), new Map(Object.entries(room))];
  const fields = [...new Set([...before.keys(), ...now.keys()])];
  const differing = fields.filter((field) => canonical(before.get(field)) !== canonical(now.get(field)));
  return differing.length === 0 ? undefined : `other in ${differing.join(", ")}`;
}
