/**
 * A checkpoint's manifest: JSON that says what its parameters are and holds their digest, and its own. It is
 * read by hand from whatever a disk gives back; who has no whole manifest has no checkpoint.
 */
import { parseTask } from "../../shared/core/task.ts";
import type { Task } from "../../shared/core/task.ts";
import { sha256 } from "./file-names.ts";

export interface Manifest {
  /** As the peer was told to join. */
  readonly url: string;
  readonly room: string;
  /** Rounds that the model has been through. */
  readonly round: number;
  /** With its seed. */
  readonly task: Task;
  readonly parameters: ParametersFile;
}

interface ParametersFile {
  readonly file: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

const format = 1;
export const maxManifestBytes = 65_536;
const maxUrlLength = 2_048;

export function writeManifest({ url, room, round, task, parameters }: Manifest): string {
  const content = { format, url, room, round, task, parameters };
  const digest = sha256(JSON.stringify(content));
  return `${JSON.stringify({ ...content, manifestSha256: digest }, null, 2)}\n`;
}

/** @throws Error with the end of a sentence, "it …", where `text` is no whole manifest. */
export function readManifest(text: string): Manifest {
  const { manifestSha256, ...content } = record(parse(text), "it");
  if (content["format"] !== format) throw new Error(`it is not of format ${format}`);
  // The digest is of compact JSON: spaces and line ends do not count.
  if (manifestSha256 !== sha256(JSON.stringify(content)))
    throw new Error("it is damaged: its digest differs");
  const { url, room, round, task, parameters } = content;
  const { file, bytes, sha256: digest } = record(parameters, "its parameters");
  return {
    url: string(url, "its url", maxUrlLength),
    room: string(room, "its room"),
    round: whole(round, "its round"),
    task: taskOf(task),
    parameters: {
      file: string(file, "its file"),
      bytes: whole(bytes, "its size"),
      sha256: string(digest, "its digest"),
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is damaged: no whole JSON");
  }
}

function taskOf(value: unknown): Task {
  try {
    return parseTask(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`its task can't be read (${why})`, { cause: error });
  }
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error(`${what} is no object`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function string(value: unknown, what: string, maxLength = 256): string {
  if (typeof value !== "string" || value === "" || value.length > maxLength)
    throw new Error(`${what} is no text of 1 to ${maxLength} characters`);
  return value;
}

function whole(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw new Error(`${what} is no whole number above 0`);
  return value;
}
