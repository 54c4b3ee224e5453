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
import { createShunning } from "./shunning.ts";

const heartbeatMs = 1_000;
/** A link that was dark for 7 s does not come back by itself (measured), so there is nothing to wait for. */
const silenceMs = 6_000;
/** At 20 % loss the handshake takes up to 16 s (measured). */
const connectTimeoutMs = 20_000;
const redialMs = [500, 2_000, 5_000, 15_000] as const;
/** Head start of the side that dialled first. */
const yieldMs = 4_000;
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
  readonly selfId: string;
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
  /** Closes the link; for a while there is no other one. */
  shun(peerId: string, reason: string): void;
  /** We joined (again): these are here, and whoever we have no link to is ours to dial. */
  reunite(peerIds: readonly string[]): void;
  signal(from: string, attempt: string, data: Signal): void;
  canSend(peerId: string): boolean;
  send(peerId: string, channel: ChannelName, bytes: Uint8Array): boolean;
  tell(peerId: string, message: ControlMessage): boolean;
  /** The path to this peer loses packets: use one more connection for it. */
  widen(peerId: string): void;
  /** Resolves when no first attempt to connect is under way any more. */
  settled(): Promise<void>;
  /** Whose links are open; the same array until that changes. */
  readonly open: readonly string[];
  ends(): readonly MeshEnd[];
  close(): void;
}

interface End {
  readonly peerId: string;
  /** We joined later, so it is ours to dial; the other side only does when nothing comes. */
  readonly dials: boolean;
  isInitiator: boolean;
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
  const shunning = createShunning(clock);
  let waiting: (() => void)[] = [];
  let isClosed = false;
  let openIds: readonly string[] = [];
  let cancelBeat = clock.after(heartbeatMs, beat);

  function meet(peerId: string, dials: boolean): void {
    if (isClosed || ends.has(peerId)) return;
    const end: End = {
      peerId,
      dials,
      isInitiator: false,
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
    if (shunning.isShunned(end.peerId)) return redialLater(end);
    end.attempt = options.rng.u32().toString(16);
    connect(end, true);
  }

  function connect(end: End, initiator: boolean): void {
    const { peerId, attempt } = end;
    end.isInitiator = initiator;
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

  function noteOpen(): void {
    openIds = [...ends.values()].filter((end) => end.link?.state === "open").map((end) => end.peerId);
  }

  function opened(end: End): void {
    noteOpen();
    end.failures = 0;
    end.heardAt = clock.now();
    tell(end.peerId, hello);
    events.onOpen(end.peerId);
    settle(end);
  }

  function closed(end: End, reason: string): void {
    end.link = undefined;
    end.attempt = "";
    noteOpen();
    events.onClose(end.peerId, reason);
    settle(end);
    if (!isClosed) redialLater(end);
  }

  function redialLater(end: End): void {
    const waitMs = (redialMs[Math.min(end.failures, redialMs.length - 1)] ?? 0) + (end.dials ? 0 : yieldMs);
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
    if (!end || isClosed || shunning.isShunned(from)) return;
    const isNewOffer = data.type === "offer" && attempt !== end.attempt && (data.lane ?? 0) === 0;
    if (isNewOffer && !isOurs(end)) answer(end, attempt);
    if (attempt === end.attempt) end.link?.signal(data);
  }

  /** Both sides dial at once: the offer of the larger id stands. */
  function isOurs(end: End): boolean {
    return end.isInitiator && end.link?.state === "connecting" && options.selfId > end.peerId;
  }

  /** A new offer replaces whatever there was: the other side has given that up. */
  function answer(end: End, attempt: string): void {
    const old = end.link;
    end.cancelRedial();
    end.attempt = attempt;
    end.link = undefined;
    noteOpen();
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
    noteOpen();
    end.cancelRedial();
    const wasOpen = end.link?.state === "open";
    end.link?.close(reason);
    if (wasOpen) events.onClose(peerId, reason);
    settle(end);
  }

  function reunite(peerIds: readonly string[]): void {
    for (const end of ends.values()) if (end.link?.state !== "open") forget(end.peerId, "joined again");
    for (const peerId of peerIds) meet(peerId, true);
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
    shun(peerId, reason) {
      shunning.shun(peerId);
      ends.get(peerId)?.link?.close(reason);
    },
    reunite,
    signal,
    canSend(peerId) {
      const link = ends.get(peerId)?.link;
      return link?.state === "open" && link.bufferedBytes < highWaterBytes;
    },
    send: (peerId, channel, bytes) => ends.get(peerId)?.link?.send(channel, bytes) ?? false,
    tell,
    widen,
    settled,
    get open() {
      return openIds;
    },
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
