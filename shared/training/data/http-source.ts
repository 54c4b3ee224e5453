/** The files of data sets from a signaling server (signaling-server/data-files.ts), by range requests. */
import { dataError } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import { fieldQueries, writeFieldQuery } from "./field-query.ts";

export interface HttpSourceOptions {
  /** The server's address; the files are below `/api/data/`. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly pause: (ms: number) => Promise<void>;
}

/** Before each further attempt: a server that is busy, or a network that drops a request. */
const pausesMs = [500, 2_000, 5_000];

export function createHttpSource({ url, fetch, pause }: HttpSourceOptions): DataSource {
  const place = new URL("/api/data/", url).href;
  const address = (path: string) => new URL(path.split("/").map(encodeURIComponent).join("/"), place).href;

  /** A body and what it came with; tries again where that may help. */
  async function request(path: string, query: string, init: RequestInit): Promise<Answer> {
    for (const [attempt, pauseMs] of [0, ...pausesMs].entries()) {
      await pause(pauseMs);
      try {
        const response = await fetch(`${address(path)}${query}`, init);
        if (response.status !== 429 && response.status < 500)
          return { response, body: new Uint8Array(await response.arrayBuffer()) };
        if (attempt === pausesMs.length)
          throw dataError(path, `the server ${place} says ${response.status}: try again later`);
      } catch (error) {
        if (attempt === pausesMs.length) throw lost(path, place, error);
      }
    }
    throw lost(path, place, undefined);
  }

  async function bytes(file: string, query: string, init: RequestInit): Promise<Answer> {
    const answer = await request(file, query, init);
    if (answer.response.ok) return answer;
    const { status } = answer.response;
    throw dataError(
      file,
      `the server ${place} does not hand it out (${status}): its operator has to look at it`,
    );
  }

  function whole(file: string, body: Uint8Array, expected: number): Uint8Array {
    if (body.length === expected) return body;
    throw dataError(file, `${body.length} bytes came from ${place}, expected are ${expected}`);
  }

  return {
    place,
    async read(file, range) {
      if (!range) return (await bytes(file, "", {})).body;
      const { from, length } = range;
      if (length === 0) return new Uint8Array();
      const answer = await request(file, "", { headers: { range: `bytes=${from}-${from + length - 1}` } });
      const { response, body } = answer;
      if (response.status === 416)
        throw dataError(file, `ends before byte ${from} at ${place}, expected are ${from + length}`);
      // What stands between may not know ranges and send it all.
      if (response.status === 200) return whole(file, body.subarray(from, from + length), length);
      if (response.status === 206) return whole(file, body, length);
      throw dataError(file, `the server ${place} does not hand it out (${response.status})`);
    },
    async size(file) {
      const { response } = await request(file, "", { method: "HEAD" });
      if (response.status === 404) return undefined;
      const length = response.headers.get("content-length");
      if (response.ok && length !== null) return Number(length);
      throw dataError(file, `the server ${place} does not say how long it is (${response.status})`);
    },
    async list(folder) {
      const { response, body } = await request(`${folder}/`, "", {});
      if (response.status === 404) return [];
      const names: unknown = response.ok ? JSON.parse(new TextDecoder().decode(body)) : undefined;
      if (Array.isArray(names)) return names.filter((name) => typeof name === "string").toSorted();
      throw dataError(folder, `the server ${place} does not list it (${response.status})`);
    },
    async gather(file, field, which) {
      const gathered = new Uint8Array(which.length * field.length);
      let at = 0;
      for (const query of fieldQueries(field, which)) {
        const { body } = await bytes(file, `?${writeFieldQuery(query)}`, {});
        gathered.set(whole(file, body, query.which.length * field.length), at);
        at += body.length;
      }
      return gathered;
    },
  };
}

interface Answer {
  readonly response: Response;
  readonly body: Uint8Array;
}

function lost(path: string, place: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : "no answer";
  return new Error(`${path}: it could not be read from ${place} (${reason}): is the server still there?`, {
    cause,
  });
}
