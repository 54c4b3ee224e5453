/** Messages of one size between random servers, arriving as a Poisson process; how long each took. */
import type { Rng } from "../../../../shared/core/rng.ts";
import { sendIdeally } from "./ideal-sender.ts";
import { sendByTcp } from "./tcp-sender.ts";
import type { Carrier, Message, TransportOptions } from "./transport.ts";

export interface WebLoad {
  readonly servers: number;
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
}

export interface WebTraffic {
  /** Messages that arrive from now on count. */
  startCounting(): void;
  stopCounting(): void;
  /** Those that count and are not there yet. */
  pending(): number;
  /** How long they have been under way. */
  pendingMs(): readonly number[];
  /** Of those that count and are there, in the order in which they came to be. */
  completionMs(): readonly number[];
}

export function startWeb(carrier: Carrier, load: WebLoad, transport: TransportOptions, rng: Rng): WebTraffic {
  const { time } = carrier;
  const completionMs: number[] = [];
  let doesCount = false;
  const pendingSince = new Set<{ readonly startMs: number }>();

  function start(message: Message): void {
    if (transport.kind === "ideal") sendIdeally(carrier, message);
    else sendByTcp(carrier, transport, message);
  }

  function arrive(): void {
    const source = rng.below(load.servers);
    const other = rng.below(load.servers - 1);
    const target = other < source ? other : other + 1;
    start({ source, target, bytes: load.messageBytes, onComplete: completion() });
    time.after(pause(), arrive);
  }

  function completion(): () => void {
    if (!doesCount) return () => undefined;
    const pending = { startMs: time.now() };
    pendingSince.add(pending);
    return () => {
      pendingSince.delete(pending);
      completionMs.push(time.now() - pending.startMs);
    };
  }

  const pause = () => (-Math.log(1 - rng.float()) * 1000) / load.messagesPerSecond;

  if (load.messagesPerSecond > 0) time.after(pause(), arrive);
  return {
    startCounting: () => void (doesCount = true),
    stopCounting: () => void (doesCount = false),
    pending: () => pendingSince.size,
    pendingMs: () => Array.from(pendingSince, ({ startMs }) => time.now() - startMs),
    completionMs: () => completionMs,
  };
}
