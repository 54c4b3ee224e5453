/**
 * The one way in for socket events. Each is counted, rate-limited, checked against its schema and handled
 * inside a try/catch; what does not pass is refused with a reason. Registered as socket.io middleware that
 * never passes an event on, so that nothing a stranger names (even "error") reaches an EventEmitter.
 */
import * as v from "valibot";
import { describeIssue } from "../shared/core/parse.ts";
import type { Refusal } from "../shared/net/messages.ts";
import { unknownEvent } from "./event-counters.ts";
import type { EventCounters } from "./event-counters.ts";
import { payloadFault } from "./payload.ts";
import { eventsPerSecond } from "./socket-limits.ts";
import type { Connection, SocketLimits } from "./socket-limits.ts";

export const maxRefusalsInARow = 100;

export type Outcome = { readonly ok: true; readonly isDropped?: true } | Refusal;
export const accepted: Outcome = { ok: true };
/** In silence, and counted: it is no fault of whoever sent it. */
export const dropped: Outcome = { ok: true, isDropped: true };

export interface EventRule {
  /** The event has a callback, which gets the outcome. */
  readonly answered: boolean;
  /** How many arguments come before the callback. */
  readonly argumentCount: 0 | 1;
  take(payload: unknown): Outcome;
}

export function refuse(code: Refusal["code"], reason: string): Refusal {
  return { ok: false, code, reason };
}

/** A rule for events with one argument that fits `schema`. */
export function ruleFor<T>(
  schema: v.GenericSchema<unknown, T>,
  handle: (input: T) => Outcome,
  { answered = false }: { readonly answered?: boolean } = {},
): EventRule {
  const take = (payload: unknown): Outcome => {
    const result = v.safeParse(schema, payload, { abortEarly: true });
    return result.success ? handle(result.output) : refuse("malformed", describeIssue(result.issues[0]));
  };
  return { answered, argumentCount: 1, take };
}

/** The part of a socket.io socket that the wrapper needs. */
export interface GuardedSocket {
  use(middleware: (event: unknown[]) => void): unknown;
  emit(event: "refused", refusal: Omit<Refusal, "ok"> & { readonly event: string }): unknown;
  disconnect(close: boolean): unknown;
  readonly conn: Connection;
}

export interface GuardOptions {
  readonly rules: () => ReadonlyMap<string, EventRule>;
  readonly counters: EventCounters;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Counts its events, and sees that one goes which was told to. */
  readonly limits: Pick<SocketLimits, "events" | "expel">;
}

/** Many sockets never say anything: what their events need is made with the first one. */
export function guardEvents(socket: GuardedSocket, options: GuardOptions): void {
  let take: ((event: readonly unknown[]) => void) | undefined;
  socket.use((event) => (take ??= createGuard(socket, options))(event));
}

function createGuard(socket: GuardedSocket, { rules: rulesOf, counters, now, log, limits }: GuardOptions) {
  const rules = rulesOf();
  const bucket = limits.events(socket.conn);
  let refusalsInARow = 0;

  function judge(
    name: string,
    rule: EventRule | undefined,
    args: readonly unknown[],
    answerable: boolean,
  ): Outcome {
    if (!bucket.take(now()))
      return refuse("limit", `more than ${eventsPerSecond} events per second: slow down`);
    if (!rule) return refuse("malformed", `there is no event "${name}"`);
    if (args.length !== rule.argumentCount) {
      return refuse("malformed", `${name} has ${args.length} arguments: it takes ${rule.argumentCount}`);
    }
    if (rule.answered && !answerable) return refuse("malformed", `${name} needs a callback for its answer`);
    const fault = payloadFault(args[0]);
    return fault === null ? rule.take(args[0]) : refuse("malformed", `${name} is refused: ${fault}`);
  }

  function judgeSafely(...event: Parameters<typeof judge>): Outcome {
    try {
      return judge(...event);
    } catch (error) {
      log(
        `event ${event[0]} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      return refuse("malformed", `${event[0]} failed on the server`);
    }
  }

  function tell(name: string, { code, reason }: Refusal): void {
    socket.emit("refused", { event: name, code, reason });
    refusalsInARow += 1;
    if (refusalsInARow < maxRefusalsInARow) return;
    const last = `${refusalsInARow} events in a row were refused: disconnecting`;
    socket.emit("refused", { event: name, code: "limit", reason: last });
    socket.disconnect(true);
    limits.expel(socket.conn);
  }

  return (event: readonly unknown[]): void => {
    const name = typeof event[0] === "string" ? event[0].slice(0, 32) : unknownEvent;
    const rule = typeof event[0] === "string" ? rules.get(event[0]) : undefined;
    const last = event.length > 1 ? event.at(-1) : undefined;
    const answer = typeof last === "function" ? last : null;
    const args = event.slice(1, answer ? -1 : undefined);

    const outcome = judgeSafely(name, rule, args, answer !== null);
    counters.count(rule ? name : unknownEvent, outcome.ok && !outcome.isDropped ? "accepted" : "refused");
    if (rule?.answered) answer?.(outcome);
    if (outcome.ok) refusalsInARow = 0;
    else tell(name, outcome);
  };
}
