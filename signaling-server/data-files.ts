/**
 * GET /api/data/PATH: the files of the data sets that this server's tasks train on, and no other file of the
 * data folder, for peers that have none. Whole, in a range of bytes, or certain records (field-query.ts);
 * `PATH/` lists a folder. For this server's own pages and for programs, not for other sites' pages.
 */
import { pipeline } from "node:stream/promises";
import type { Request, RequestHandler, Response } from "express";
import type { DataSpec } from "../shared/core/task.ts";
import { dataFiles, downloadBytes } from "../shared/training/data/data-files.ts";
import type { ByteRange, DataSource } from "../shared/training/data/data-source.ts";
import { readFieldQuery } from "../shared/training/data/field-query.ts";
import { parseRange } from "./byte-range.ts";
import { createTurnstile } from "./turnstile.ts";

export interface ServedData {
  readonly handler: RequestHandler;
  /** What a peer of such a task reads from here. */
  downloadBytes(spec: DataSpec): number;
}

/** Answers under way; the others wait. Each holds a piece in memory. */
const limits = { width: 16, waiting: 512, pieceBytes: 1024 * 1024, idleMs: 30_000 };
/** Data sets do not change; who puts another file in the place of one starts the server again. */
const maxAgeSeconds = 86_400;

/** @param version changes with every start of the server */
export async function serveData(
  source: DataSource,
  specs: readonly DataSpec[],
  version: string,
): Promise<ServedData> {
  const listed = new Map<DataSpec, Awaited<ReturnType<typeof dataFiles>>>();
  for (const spec of specs) listed.set(spec, await dataFiles(spec, source));
  const sizes = new Map([...listed.values()].flat().map(({ file, bytes }) => [file, bytes]));
  const turnstile = createTurnstile(limits.width, limits.waiting);

  async function answer(request: Request, response: Response, path: string): Promise<void> {
    if (path.endsWith("/")) {
      const names = [...sizes.keys()]
        .filter((file) => isIn(file, path))
        .map((file) => file.slice(path.length))
        .toSorted();
      if (names.length === 0) refuse(response, 404, noSuchFile);
      else response.json(names);
      return;
    }
    const bytes = sizes.get(path);
    if (bytes === undefined) return refuse(response, 404, noSuchFile);
    const isQuery = Object.keys(request.query).length > 0;
    const query = isQuery ? readFieldQuery(request.query, bytes) : undefined;
    if (isQuery && !query) return refuse(response, 400, "These are no records of this file.");
    response.set({
      ETag: `"${version}-${bytes}"`,
      "Cache-Control": `private, max-age=${maxAgeSeconds}`,
      "Accept-Ranges": "bytes",
      "Content-Type": "application/octet-stream",
    });
    if (request.fresh) return void response.status(304).end();
    if (query) {
      const records = await source.gather(path, query.field, query.which);
      return void response.set("Content-Length", `${records.length}`).end(records);
    }
    const range = wantedRange(request, response, bytes);
    if (range === "unsatisfiable") {
      response.set("Content-Range", `bytes */${bytes}`);
      return refuse(response, 416, `This file ends at byte ${bytes}.`);
    }
    if (range)
      response
        .status(206)
        .set("Content-Range", `bytes ${range.from}-${range.from + range.length - 1}/${bytes}`);
    await send(request, response, source, path, range ?? { from: 0, length: bytes });
  }

  async function serve(request: Request, response: Response): Promise<void> {
    if (isFromElsewhere(request))
      return refuse(response, 403, "These files are for this server's own pages.");
    const path = decodePath(request.path);
    if (path === undefined) return refuse(response, 404, noSuchFile);
    const turn = turnstile.enter();
    if (!turn) return refuse(response.set("Retry-After", "5"), 503, "Too many are reading: try again later.");
    const leave = await turn;
    response.setTimeout(limits.idleMs, () => response.destroy());
    response.once("close", leave);
    if (response.destroyed) leave();
    else await answer(request, response, path);
  }

  return {
    async handler(request, response, next) {
      if (request.method !== "GET" && request.method !== "HEAD") return next();
      try {
        await serve(request, response);
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

function isIn(file: string, folder: string): boolean {
  return file.startsWith(folder) && !file.slice(folder.length).includes("/");
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

/** Piece by piece, as fast as the other end takes them. */
async function send(
  { method }: Request,
  response: Response,
  source: DataSource,
  file: string,
  { from, length }: ByteRange,
): Promise<void> {
  response.set("Content-Length", `${length}`);
  if (method === "HEAD") return void response.end();
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < length; done += limits.pieceBytes) {
      const piece = Math.min(limits.pieceBytes, length - done);
      yield await source.read(file, { from: from + done, length: piece });
    }
  }
  await pipeline(pieces, response);
}

function refuse(response: Response, code: number, sentence: string): void {
  for (const name of ["ETag", "Cache-Control"]) response.removeHeader(name);
  response.status(code).set("Cache-Control", "no-store").json({ error: sentence });
}
