/**
 * Answers that take a while, a limited number at a time. Each piece of one has to be taken within a time
 * limit, so that who reads slowly, or not at all, does not keep the others waiting; and whatever happens to
 * a connection, its place becomes free.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../shared/core/clock.ts";
import { clientOf } from "./client-address.ts";
import { createTurnstile } from "./turnstile.ts";
import type { TurnstileLimits } from "./turnstile.ts";

export interface PaceLimits extends TurnstileLimits {
  readonly waitMs: number;
  /** For each piece, from its reading to the last byte's leaving. */
  readonly pieceMs: number;
}

export interface PacedAnswers {
  /**
   * False when too many wait, or when it took too long until it was this one's turn.
   * @param begin called when it is: the pieces of the answer
   * @throws (rejects) when the other end goes away or takes too long
   */
  send(
    request: IncomingMessage,
    response: ServerResponse,
    begin: () => AsyncIterable<Uint8Array>,
  ): Promise<boolean>;
}

export function createPacedAnswers(limits: PaceLimits, clock: Pick<Clock, "after">): PacedAnswers {
  const turnstile = createTurnstile(limits);
  return {
    async send(request, response, begin) {
      const { socket } = request;
      const ending = new AbortController();
      const end = () => ending.abort();
      socket.once("close", end);
      let cancel = clock.after(limits.waitMs, end);
      const leave = await turnstile.enter(clientOf(request), ending.signal);
      function restart(): void {
        cancel();
        cancel = clock.after(limits.pieceMs, end);
      }
      async function* paced(): AsyncGenerator<Uint8Array> {
        for await (const piece of begin()) {
          yield piece;
          restart();
        }
      }
      try {
        if (!leave) return false;
        restart();
        await pipeline(paced, response, { signal: ending.signal });
        return true;
      } finally {
        cancel();
        leave?.();
        socket.off("close", end);
      }
    },
  };
}
