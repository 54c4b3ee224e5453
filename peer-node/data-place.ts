/** Where this process finds data sets: a folder that was named, else the server that it joined. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { DataSpec } from "../shared/core/task.ts";
import { boundedFetch } from "../shared/training/data/bounded-fetch.ts";
import type { DataPlace, DataSource } from "../shared/training/data/data-source.ts";
import { createHttpSource } from "../shared/training/data/http-source.ts";
import { checkData } from "../shared/training/data/load-data.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import { usageError } from "./exit-codes.ts";
import { createFolderSource } from "./folder-source.ts";
import { megabytes } from "./format.ts";
import { realClock } from "./real-clock.ts";

type HttpPlace = Extract<DataPlace, { readonly kind: "http" }>;
/** In a header: addresses are written into logs. */
function guestFetch(invite: string | undefined): typeof fetch {
  if (invite === undefined) return fetch;
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("Authorization", `Bearer ${invite}`);
    return fetch(input, { ...init, headers });
  };
}
/** What a room says of itself. */
const roomBytes = 1024 * 1024;
const roomSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ downloadBytes: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0))) }),
);

/**
 * `--data-dir`, else SHOAL_DATA; undefined when neither says anything.
 * @throws CommandError with one sentence when it is no folder.
 */
export function dataFolder(option: string | undefined): string | undefined {
  const folder = namedFolder(option);
  if (folder === undefined) return undefined;
  const from = option === undefined ? "SHOAL_DATA" : "--data-dir";
  if (!isFolder(folder))
    throw usageError(`${from} (${folder}): must be a folder; docs/data.md says what belongs in it`);
  return resolve(folder);
}

/** The same without a look at the disk. */
export function namedFolder(option: string | undefined): string | undefined {
  return option ?? (process.env["SHOAL_DATA"] || undefined);
}

function isFolder(path: string): boolean {
  return path !== "" && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

export function dataPlace(option: string | undefined, serverUrl: string, invite?: string): DataPlace {
  const path = dataFolder(option);
  if (path !== undefined) return { kind: "folder", path };
  return { kind: "http", url: serverUrl, ...(invite && { invite }) };
}

export function openPlace(place: DataPlace): DataSource {
  if (place.kind === "folder") return createFolderSource(place.path);
  return createHttpSource({ url: place.url, clock: realClock, fetch: guestFetch(place.invite) });
}

/**
 * Before a backend is chosen for them; over the network no more than whether there are any.
 * @returns what will be read, for people, who may have to wait for it; undefined when nothing will
 * @throws Error with one sentence about the files of a task's data.
 */
export async function checkPlace(
  spec: DataSpec,
  place: DataPlace,
  room: string,
): Promise<string | undefined> {
  if (!needsFiles(spec)) return undefined;
  if (place.kind === "folder") {
    await checkData(spec, openPlace(place));
    return `reading the data in ${place.path}`;
  }
  const bytes = await downloadBytes(place, room);
  if (bytes === null)
    throw new Error(
      `data (${spec.kind}): the server ${place.url} has none to hand out: ` +
        "--data-dir DIR says where yours are (docs/data.md)",
    );
  return `reading the data: ${megabytes(bytes)} from ${place.url}`;
}

/** As the server's operator set it up: null when there are no files. */
async function downloadBytes(place: HttpPlace, room: string): Promise<number | null> {
  const address = `${place.url}/api/rooms/${encodeURIComponent(room)}`;
  const { status, body } = await boundedFetch(
    { clock: realClock, fetch: guestFetch(place.invite) },
    { address, wanted: () => roomBytes },
  );
  const said = v.safeParse(roomSchema, new TextDecoder().decode(body));
  if (said.success) return said.output.downloadBytes;
  throw new Error(`data: ${address} does not say how much there is to read (${status})`);
}
