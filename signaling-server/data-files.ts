/**
 * GET /api/data/PATH: the files of the data sets that this server's tasks train on, and no other file of the
 * data folder, for peers that have none. Whole, in a range of bytes, or certain records (field-query.ts);
 * `PATH/` lists a folder. For this server's own pages and for programs, not for other sites' pages.
 */
import type { Request, RequestHandler, Response } from "express";
import type { Clock } from "../shared/core/clock.ts";
import type { DataSpec } from "../shared/core/task.ts";
import { dataFiles, downloadBytes } from "../shared/training/data/data-files.ts";
import type { DataFile } from "../shared/training/data/data-files.ts";
import type { ByteRange, DataSource } from "../shared/training/data/data-source.ts";
import { readFieldQuery } from "../shared/training/data/field-query.ts";
import type { FieldQuery } from "../shared/training/data/field-query.ts";
import { parseRange } from "./byte-range.ts";
import { createPacedAnswers } from "./paced-answers.ts";

export interface ServedData {
  readonly handler: RequestHandler;
  /** What a peer of such a task reads from here. */
  downloadBytes(spec: DataSpec): number;
}

interface Body {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

/** Each answer holds a piece in memory; a piece in this time are 9 kB/s, the least that a reader must take. */
const limits = {
  inside: 64,
  insideEach: 16,
  waiting: 512,
  waitingEach: 128,
  waitMs: 60_000,
  pieceMs: 30_000,
};
const pieceBytes = 256 * 1024;

/** @param version changes with every start of the server */
export async function serveData(
  source: DataSource,
  specs: readonly DataSpec[],
  version: string,
  clock: Pick<Clock, "after">,
): Promise<ServedData> {
  const listed = new Map<DataSpec, readonly DataFile[]>();
  for (const spec of specs) listed.set(spec, await dataFiles(spec, source));
  const files = byName([...listed.values()].flat());
  const folders = namesByFolder([...files.keys()]);
  const answers = createPacedAnswers(limits, clock);

  /** What is small is answered at once, files and records when it is their turn. */
  async function answer(request: Request, response: Response): Promise<void> {
    if (isFromElsewhere(request))
      return refuse(response, 403, "These files are for this server's own pages.");
    const path = decodePath(request.path) ?? "";
    const names = folders.get(path);
    if (names) return void response.json(names);
    const file = files.get(path);
    if (!file) return refuse(response, 404, noSuchFile);
    response.set({
      ETag: `"${version}-${file.bytes}"`,
      // Where another file has taken its place, the server has started again.
      "Cache-Control": "private, no-cache",
      "Accept-Ranges": "bytes",
    });
    if (request.fresh) return void response.status(304).end();
    if (Object.keys(request.query).length === 0) return answerBytes(request, response, file);
    const query = readFieldQuery(request.query, file);
    if (!query) return refuse(response, 400, "These are no records of this file.");
    await send(request, response, {
      headers: { "Content-Length": `${query.which.length * query.field.length}` },
      status: 200,
      pieces: () => recordPieces(source, file.file, query),
    });
  }

  async function answerBytes(request: Request, response: Response, { file, bytes }: DataFile): Promise<void> {
    const range = wantedRange(request, response, bytes);
    if (range === "unsatisfiable") {
      response.set("Content-Range", `bytes */${bytes}`);
      return refuse(response, 416, `This file ends at byte ${bytes}.`);
    }
    const { from, length } = range ?? { from: 0, length: bytes };
    const place = { "Content-Range": `bytes ${from}-${from + length - 1}/${bytes}` };
    await send(request, response, {
      headers: { "Content-Length": `${length}`, ...(range && place) },
      status: range ? 206 : 200,
      pieces: () => filePieces(source, file, { from, length }),
    });
  }

  async function send(
    request: Request,
    response: Response,
    { status, headers, pieces }: Body,
  ): Promise<void> {
    const begin = () =>
      response.status(status).set({ ...headers, "Content-Type": "application/octet-stream" });
    if (request.method === "HEAD") return void begin().end();
    const isSent = await answers.send(request, response, () => {
      begin();
      return pieces();
    });
    if (!isSent && !response.destroyed)
      refuse(response.set("Retry-After", "5"), 503, "Too many are reading: try again later.");
  }

  return {
    async handler(request, response, next) {
      if (request.method !== "GET" && request.method !== "HEAD") return next();
      try {
        await answer(request, response);
      } catch (error) {
        // Who has gone hears nothing; what has begun to be sent can't become a sentence any more.
        if (!response.headersSent && !response.destroyed) throw error;
        response.destroy();
      }
    },
    downloadBytes: (spec) => downloadBytes(spec, listed.get(spec) ?? []),
  };
}

const noSuchFile = "None of this server's tasks trains on such a file.";

/** By the folder's address, which ends with a slash. */
function namesByFolder(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>();
  for (const file of files.toSorted()) {
    const [, folder, name = ""] = /^(.+\/)(.+)$/.exec(file) ?? [];
    if (folder === undefined) continue;
    const names = folders.get(folder);
    if (names) names.push(name);
    else folders.set(folder, [name]);
  }
  return folders;
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return undefined;
  }
}

/** Browsers say where a request comes from; programs do not. */
function isFromElsewhere(request: Request): boolean {
  const site = request.get("sec-fetch-site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function wantedRange(request: Request, response: Response, bytes: number) {
  const condition = request.get("if-range");
  if (condition !== undefined && condition !== response.get("ETag")) return undefined;
  return parseRange(request.get("range"), bytes);
}

async function* filePieces(source: DataSource, file: string, { from, length }: ByteRange) {
  for (let done = 0; done < length; done += pieceBytes)
    yield await source.read(file, { from: from + done, length: Math.min(pieceBytes, length - done) });
}

async function* recordPieces(source: DataSource, file: string, { field, which }: FieldQuery) {
  const perPiece = Math.max(1, Math.floor(pieceBytes / field.length));
  for (let done = 0; done < which.length; done += perPiece)
    yield await source.gather(file, field, which.subarray(done, done + perPiece));
}

/** Once each, with its records if any task reads them. */
function byName(listed: readonly DataFile[]): ReadonlyMap<string, DataFile> {
  const files = new Map<string, DataFile>();
  for (const file of listed) if (!files.get(file.file)?.records) files.set(file.file, file);
  return files;
}

function refuse(response: Response, code: number, sentence: string): void {
  response.removeHeader("ETag");
  response.status(code).set("Cache-Control", "no-store").json({ error: sentence });
}
