/**
 * The files of data sets from a signaling server (signaling-server/data-files.ts), by range requests. The
 * server is a stranger: what it sends is as long as was asked for, or it is refused.
 */
import * as v from "valibot";
import type { Answer, BoundedRequest, Network } from "./bounded-fetch.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { dataError, fileNamePattern } from "./data-source.ts";
import type { ByteRange, DataSource } from "./data-source.ts";
import { answerBytes, fieldQueries, writeFieldQuery } from "./field-query.ts";

export interface HttpSourceOptions extends Network {
  /** The server's address; the files are below `/api/data/`. */
  readonly url: string;
}

/** Before each further attempt, where a network drops a request. */
const lostPausesMs = [500, 2_000, 5_000];
/** Where a server has too many readers: each time it let us wait for a minute already. */
const busyPausesMs = [500, 2_000, 5_000, 5_000, 5_000, 10_000, 10_000, 20_000];
/** Of a file that is read in one piece without asking for its size first: more no data set here has. */
const largestFile = 256 * 1024 * 1024;
const largestList = 16 * 1024 * 1024;

const listSchema = v.array(v.pipe(v.string(), v.maxLength(255), v.regex(fileNamePattern)));

type Asked = Omit<BoundedRequest, "address"> & { readonly query?: string };

export function createHttpSource({ url, ...network }: HttpSourceOptions): DataSource {
  const place = new URL("/api/data/", url).href;
  const address = (path: string) => new URL(path.split("/").map(encodeURIComponent).join("/"), place).href;
  const sizes = new Map<string, number>();
  const pause = (ms: number) => new Promise<void>((resolve) => network.clock.after(ms, resolve));

  /** Tries again where that may help. */
  async function request(path: string, { query = "", ...asked }: Asked): Promise<Answer> {
    const waits = { lost: [...lostPausesMs], busy: [...busyPausesMs] };
    for (;;) {
      const outcome = await boundedFetch(network, { ...asked, address: `${address(path)}${query}` }).catch(
        (error: unknown) => ({ error }),
      );
      if (!("error" in outcome) && !isBusy(outcome)) return outcome;
      const wait = ("error" in outcome ? waits.lost : waits.busy).shift();
      if (wait !== undefined) await pause(wait);
      else if ("error" in outcome) throw lost(path, place, outcome.error);
      else throw dataError(path, `the server ${place} says ${outcome.status}: try again later`);
    }
  }

  async function bytes(file: string, asked: Asked): Promise<Answer> {
    const answer = await request(file, asked);
    if (answer.status === 200 || answer.status === 206) return answer;
    throw dataError(
      file,
      `the server ${place} does not hand it out (${answer.status}): its operator has to look at it`,
    );
  }

  function whole(file: string, body: Uint8Array, expected: number): Uint8Array {
    if (body.length === expected) return body;
    const came = body.length > expected ? `more than ${expected}` : `${body.length}`;
    throw dataError(file, `${came} bytes came from ${place}, expected are ${expected}`);
  }

  async function readWhole(file: string): Promise<Uint8Array> {
    const expected = (headers: Headers) =>
      sizes.get(file) ?? wholeNumber(headers.get("content-length")) ?? largestFile;
    const { headers, body } = await bytes(file, {
      wanted: (_, sent) => Math.min(expected(sent), largestFile),
    });
    if (body.length > largestFile)
      throw dataError(file, `more than ${largestFile} bytes came from ${place}: too much to read at once`);
    const isEncoded = headers.has("content-encoding");
    const said = sizes.get(file) ?? (isEncoded ? undefined : wholeNumber(headers.get("content-length")));
    return whole(file, body, said ?? body.length);
  }

  async function readRange(file: string, { from, length }: ByteRange): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    const end = from + length;
    const answer = await request(file, {
      headers: { range: `bytes=${from}-${end - 1}` },
      // What stands between may not know ranges and send it all.
      wanted: (status) => (status === 206 ? length : end),
    });
    const { status, headers, body } = answer;
    if (status === 416) throw dataError(file, `ends before byte ${from} at ${place}, expected are ${end}`);
    if (status === 200) return whole(file, body.subarray(from, end), length);
    if (status !== 206) throw dataError(file, `the server ${place} does not hand it out (${status})`);
    const part = headers.get("content-range") ?? "nothing";
    if (!part.startsWith(`bytes ${from}-${end - 1}/`))
      throw dataError(file, `${place} was asked for bytes ${from}-${end - 1} and sent ${part.slice(0, 80)}`);
    return whole(file, body, length);
  }

  return {
    place,
    read: (file, range) => (range ? readRange(file, range) : readWhole(file)),
    async size(file) {
      const { status, headers } = await request(file, { method: "HEAD", wanted: () => 0 });
      if (status === 404) return undefined;
      const length = wholeNumber(headers.get("content-length"));
      if (status !== 200 || length === undefined)
        throw dataError(file, `the server ${place} does not say how long it is (${status})`);
      sizes.set(file, length);
      return length;
    },
    async list(folder) {
      const { status, body } = await request(`${folder}/`, { wanted: () => largestList });
      if (status === 404) return [];
      const list = v.safeParse(listSchema, status === 200 ? parsed(body) : undefined);
      if (list.success) return list.output.toSorted();
      throw dataError(folder, `the server ${place} sends no list of its files (${status})`);
    },
    async gather(file, field, which) {
      const gathered = new Uint8Array(which.length * field.length);
      if (field.length > answerBytes) {
        for (const [at, record] of which.entries()) {
          const from = field.start + record * field.recordBytes + field.from;
          gathered.set(await readRange(file, { from, length: field.length }), at * field.length);
        }
        return gathered;
      }
      let at = 0;
      for (const query of fieldQueries(field, which)) {
        const length = query.which.length * field.length;
        const { body } = await bytes(file, { query: `?${writeFieldQuery(query)}`, wanted: () => length });
        gathered.set(whole(file, body, length), at);
        at += length;
      }
      return gathered;
    },
  };
}

function isBusy({ status }: Answer): boolean {
  return status === 429 || status >= 500;
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function lost(path: string, place: string, cause: unknown): Error {
  // fetch says no more than that it failed; why is below.
  const below = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = below instanceof Error ? below.message : "no answer";
  return new Error(`${path}: it could not be read from ${place} (${reason}): is the server still there?`, {
    cause,
  });
}
