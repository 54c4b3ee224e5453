/**
 * A request that ends: whoever answers, with whatever, costs a limited time and a limited number of bytes.
 * A redirection is no answer: a server of data has them itself.
 */
import type { Clock } from "../../core/clock.ts";

export interface Network {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Pick<Clock, "after">;
}

export interface BoundedRequest {
  readonly address: string;
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** How much of an answer of this status is wanted; more is not read. */
  readonly wanted: (status: number, headers: Headers) => number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty unless the status is one of success; one byte more than wanted when there was more. */
  readonly body: Uint8Array;
}

/** Longer than a request waits for its turn at the server. */
const silentMs = 90_000;
/** Slower than the server lets anybody read. */
const leastBytesPerMs = 4;

/** @throws (rejects) when there is no answer in time. */
export async function boundedFetch({ fetch, clock }: Network, request: BoundedRequest): Promise<Answer> {
  const { address, wanted, ...init } = request;
  const stopping = new AbortController();
  const stop = (why: string) => () => stopping.abort(new Error(why));
  const waitAgain = () => clock.after(silentMs, stop(`nothing came for ${silentMs / 1_000} s`));
  let cancelSilence = waitAgain();
  let cancelSlowness = () => {};
  try {
    const response = await fetch(address, { ...init, redirect: "error", signal: stopping.signal });
    const { status, headers, ok } = response;
    const most = ok && request.method !== "HEAD" ? wanted(status, headers) : 0;
    if (most === 0) return { status, headers, body: new Uint8Array() };
    cancelSlowness = clock.after(2 * silentMs + most / leastBytesPerMs, stop("it came too slowly"));
    const body = await readUpTo(most + 1, response, () => {
      cancelSilence();
      cancelSilence = waitAgain();
    });
    return { status, headers, body };
  } finally {
    cancelSilence();
    cancelSlowness();
    // What is left of it is not waited for.
    stopping.abort();
  }
}

async function readUpTo(most: number, { body }: Response, onPiece: () => void): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  const reader = body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    pieces.push(next.value.subarray(0, most - total));
    total += next.value.length;
    if (total >= most) break;
    onPiece();
  }
  return joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only && pieces.length === 1) return only;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
