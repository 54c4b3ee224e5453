/**
 * The links of one peer: dials, answers, redials, notices death. Whoever joined later dials; a signal
 * belongs to one *attempt* to connect, so that what an older attempt said changes nothing. Every wait here
 * has an end, and a link that fails never takes anything else with it.
 */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import { hello, parseControl } from "./control.ts";
import type { ControlMessage } from "./control.ts";
import type { ChannelName, CreateLink, Link, Signal } from "./link.ts";
import { highWaterBytes } from "./link.ts";
import { protocolVersion } from "./messages.ts";

const heartbeatMs = 1_000;
/** A link that was dark for 7 s does not come back by itself (measured), so there is nothing to wait for. */
const silenceMs = 6_000;
/** At 20 % loss the handshake takes up to 16 s (measured). */
const connectTimeoutMs = 20_000;
const redialMs = [500, 2_000, 5_000, 15_000] as const;
/** Texts that are no control messages before a link is closed. */
const maxNonsense = 32;

export interface MeshEvents {
  onOpen(peerId: string): void;
  onClose(peerId: string, reason: string): void;
  onBytes(peerId: string, bytes: Uint8Array): void;
  onControl(peerId: string, message: ControlMessage): void;
  onDrain(peerId: string): void;
}

export interface MeshOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly createLink: CreateLink;
  readonly iceServers: readonly string[];
  readonly sendSignal: (to: string, attempt: string, data: Signal) => void;
  readonly events: MeshEvents;
}

export interface MeshEnd {
  readonly peerId: string;
  readonly state: Link["state"];
  readonly link: Link | undefined;
  /** Texts that made no sense. */
  readonly nonsense: number;
}

export interface Mesh {
  /** Learns of a participant; `dial` where we joined later than it did. */
  meet(peerId: string, dial: boolean): void;
  forget(peerId: string, reason: string): void;
  signal(from: string, attempt: string, data: Signal): void;
  canSend(peerId: string): boolean;
  send(peerId: string, channel: ChannelName, bytes: Uint8Array): boolean;
  tell(peerId: string, message: ControlMessage): boolean;
  /** The path to this peer loses packets: use one more connection for it. */
  widen(peerId: string): void;
  /** Resolves when no first attempt to connect is under way any more. */
  settled(): Promise<void>;
  ends(): readonly MeshEnd[];
  close(): void;
}

interface End {
  readonly peerId: string;
  readonly dials: boolean;
  attempt: string;
  link: Link | undefined;
  failures: number;
  heardAt: number;
  nonsense: number;
  /** The first attempt is over, one way or the other. */
  isSettled: boolean;
  cancelRedial: () => void;
}

export function createMesh(options: MeshOptions): Mesh {
  const { clock, events } = options;
  const ends = new Map<string, End>();
  let waiting: (() => void)[] = [];
  let isClosed = false;
  let cancelBeat = clock.after(heartbeatMs, beat);

  function meet(peerId: string, dials: boolean): void {
    if (isClosed || ends.has(peerId)) return;
    const end: End = {
      peerId,
      dials,
      attempt: "",
      link: undefined,
      failures: 0,
      heardAt: clock.now(),
      nonsense: 0,
      isSettled: !dials,
      cancelRedial: () => undefined,
    };
    ends.set(peerId, end);
    if (dials) dial(end);
  }

  function dial(end: End): void {
    end.attempt = options.rng.u32().toString(16);
    connect(end, true);
  }

  function connect(end: End, initiator: boolean): void {
    const { peerId, attempt } = end;
    const isCurrent = () => ends.get(peerId) === end && end.attempt === attempt;
    end.heardAt = clock.now();
    end.link = options.createLink({
      initiator,
      iceServers: options.iceServers,
      connectTimeoutMs,
      clock,
      events: {
        onSignal: (data) => isCurrent() && options.sendSignal(peerId, attempt, data),
        onOpen: () => isCurrent() && opened(end),
        onBytes(_channel, bytes) {
          if (!isCurrent()) return;
          end.heardAt = clock.now();
          events.onBytes(peerId, bytes);
        },
        onText: (text) => isCurrent() && heard(end, text),
        onDrain: () => isCurrent() && events.onDrain(peerId),
        onClose: (reason) => isCurrent() && closed(end, reason),
      },
    });
  }

  function opened(end: End): void {
    end.failures = 0;
    end.heardAt = clock.now();
    tell(end.peerId, hello);
    events.onOpen(end.peerId);
    settle(end);
  }

  function closed(end: End, reason: string): void {
    end.link = undefined;
    end.attempt = "";
    events.onClose(end.peerId, reason);
    settle(end);
    if (!end.dials || isClosed) return;
    const waitMs = redialMs[Math.min(end.failures, redialMs.length - 1)] ?? 0;
    end.failures += 1;
    end.cancelRedial = clock.after(waitMs, () => {
      if (ends.get(end.peerId) === end && !end.link) dial(end);
    });
  }

  function settle(end: End): void {
    end.isSettled = true;
    if ([...ends.values()].some((other) => !other.isSettled)) return;
    for (const resume of waiting.splice(0)) resume();
  }

  function heard(end: End, text: string): void {
    end.heardAt = clock.now();
    const message = parseControl(text);
    if (!message) {
      end.nonsense += 1;
      if (end.nonsense > maxNonsense) end.link?.close("too many messages that make no sense");
    } else if (message.type === "hello" && message.protocol !== protocolVersion) {
      end.link?.close(`protocol ${message.protocol}, ours is ${protocolVersion}`);
    } else if (message.type === "widen") end.link?.widen?.();
    else events.onControl(end.peerId, message);
  }

  function beat(): void {
    const now = clock.now();
    for (const end of ends.values()) {
      if (end.link?.state !== "open") continue;
      if (now - end.heardAt > silenceMs) end.link.close(`silent for ${silenceMs / 1000} s`);
      else tell(end.peerId, { type: "beat" });
    }
    cancelBeat = clock.after(heartbeatMs, beat);
  }

  function signal(from: string, attempt: string, data: Signal): void {
    const end = ends.get(from);
    if (!end || isClosed) return;
    const isFirstLane = (data.lane ?? 0) === 0;
    if (data.type === "offer" && attempt !== end.attempt && isFirstLane) answer(end, attempt);
    if (attempt === end.attempt) end.link?.signal(data);
  }

  /** A new offer replaces whatever there was: the other side has given that up. */
  function answer(end: End, attempt: string): void {
    const old = end.link;
    end.cancelRedial();
    end.attempt = attempt;
    end.link = undefined;
    if (old) {
      if (old.state === "open") events.onClose(end.peerId, "replaced by a new connection");
      old.close("replaced by a new connection");
    }
    connect(end, false);
  }

  function forget(peerId: string, reason: string): void {
    const end = ends.get(peerId);
    if (!end) return;
    ends.delete(peerId);
    end.cancelRedial();
    const wasOpen = end.link?.state === "open";
    end.link?.close(reason);
    if (wasOpen) events.onClose(peerId, reason);
    settle(end);
  }

  function tell(peerId: string, message: ControlMessage): boolean {
    return ends.get(peerId)?.link?.sendText(JSON.stringify(message)) ?? false;
  }

  function widen(peerId: string): void {
    const end = ends.get(peerId);
    if (end?.dials) end.link?.widen?.();
    else tell(peerId, { type: "widen" });
  }

  function settled(): Promise<void> {
    if (![...ends.values()].some((end) => !end.isSettled)) return Promise.resolve();
    return new Promise((resolve) => waiting.push(resolve));
  }

  function close(): void {
    isClosed = true;
    cancelBeat();
    for (const peerId of ends.keys()) forget(peerId, "leaving");
    for (const resume of waiting.splice(0)) resume();
  }

  return {
    meet,
    forget,
    signal,
    canSend(peerId) {
      const link = ends.get(peerId)?.link;
      return link?.state === "open" && link.bufferedBytes < highWaterBytes;
    },
    send: (peerId, channel, bytes) => ends.get(peerId)?.link?.send(channel, bytes) ?? false,
    tell,
    widen,
    settled,
    ends: () =>
      [...ends.values()].map(({ peerId, link, nonsense }) => ({
        peerId,
        link,
        nonsense,
        state: link?.state ?? "closed",
      })),
    close,
  };
}
