/**
 * The links of one peer: dials, answers, redials, notices death. Whoever joined later dials; a signal
 * belongs to one *attempt* to connect, so that what an older attempt said changes nothing. Every wait here
 * has an end, and a link that fails never takes anything else with it.
 */
import { hello } from "./control.ts";
import type { ControlMessage } from "./control.ts";
import type { Link } from "./link.ts";
import { highWaterBytes } from "./link.ts";
import type { Mesh, MeshOptions } from "./mesh-interface.ts";
import { protocolVersion } from "./messages.ts";
import { attemptMs, redialAfterMs } from "./redial.ts";
import type { SealedSignal } from "./seals.ts";
import { createShunning } from "./shunning.ts";
import { createTalk } from "./talk.ts";
import type { Talk } from "./talk.ts";

const heartbeatMs = 1_000;
/** A link that was dark for 7 s does not come back by itself (measured), so there is nothing to wait for. */
const silenceMs = 6_000;
/** A link that was heard of within this time is alive. */
const aliveMs = 2_000;
/** Between two looks for a way to a peer that signals can't reach. */
const noWayMs = 1_000;
/** Head start of the side that dialled first. */
const yieldMs = 4_000;

export type { Mesh, MeshEnd, MeshOptions } from "./mesh-interface.ts";

interface End {
  readonly peerId: string;
  /** We joined later, so it is ours to dial; the other side only does when nothing comes. */
  readonly dials: boolean;
  isInitiator: boolean;
  attempt: string;
  link: Link | undefined;
  failures: number;
  heardAt: number;
  readonly talk: Talk;
  /** The other side may have been told that we have left. */
  isDoubted: boolean;
  /** The first attempt is over, one way or the other. */
  isSettled: boolean;
  cancelRedial: () => void;
}

export function createMesh(options: MeshOptions): Mesh {
  const { clock, events, seals, wayTo = () => "open" } = options;
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
      talk: createTalk(),
      isDoubted: false,
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
      // Whoever answers waits for as long as anybody may try; a new offer ends that.
      connectTimeoutMs: attemptMs(initiator ? end.failures : 0),
      clock,
      events: {
        onSignal: (data) =>
          isCurrent() && options.sendSignal(peerId, attempt, seals.seal(peerId, attempt, data)),
        onOpen: () => isCurrent() && opened(end),
        onBytes(_channel, bytes) {
          if (!isCurrent()) return;
          noteAlive(end);
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
    noteAlive(end);
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
    const waitMs = redialAfterMs(end.failures) + (end.dials ? 0 : yieldMs);
    end.failures += 1;
    redial(end, waitMs);
  }

  function redial(end: End, waitMs: number): void {
    end.cancelRedial = clock.after(waitMs, () => {
      if (ends.get(end.peerId) !== end || end.link) return;
      const way = wayTo(end.peerId);
      if (way === "open") dial(end);
      else if (way === "none") redial(end, noWayMs);
      else forget(end.peerId, "the room does not know it any more");
    });
  }

  function settle(end: End): void {
    end.isSettled = true;
    if ([...ends.values()].some((other) => !other.isSettled)) return;
    for (const resume of waiting.splice(0)) resume();
  }

  function noteAlive(end: End): void {
    end.heardAt = clock.now();
    end.isDoubted = false;
  }

  function heard(end: End, text: string): void {
    noteAlive(end);
    const message = end.talk.hear(text, clock.now(), (reason) => end.link?.close(reason));
    if (!message) return;
    if (message.type === "hello" && message.protocol !== protocolVersion) {
      end.link?.close(`protocol ${message.protocol}, ours is ${protocolVersion}`);
    } else if (message.type === "widen") end.link?.widen?.();
    else events.onControl(end.peerId, message);
  }

  function beat(): void {
    const now = clock.now();
    for (const end of ends.values()) {
      if (end.link?.state !== "open") continue;
      const silentMs = now - end.heardAt;
      if (end.isDoubted && silentMs > aliveMs && wayTo(end.peerId) !== "none") dialAnew(end);
      else if (silentMs > silenceMs) end.link.close(`silent for ${silenceMs / 1000} s`);
      else tell(end.peerId, { type: "beat" });
    }
    cancelBeat = clock.after(heartbeatMs, beat);
  }

  function signal(from: string, attempt: string, sealed: SealedSignal): void {
    const end = ends.get(from);
    if (!end || isClosed || shunning.isShunned(from)) return;
    const data = seals.open(from, attempt, sealed);
    if (!data) return;
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
    if (old?.state === "open") events.onClose(end.peerId, "replaced by a new connection");
    old?.close("replaced by a new connection");
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

  function abandon(peerId: string, attempt: string, reason: string): void {
    const end = ends.get(peerId);
    if (end?.attempt === attempt && end.link?.state === "connecting") end.link.close(reason);
  }

  function hears(peerId: string): boolean {
    const end = ends.get(peerId);
    return end?.link?.state === "open" && clock.now() - end.heardAt < aliveMs;
  }

  /** Who is not back yet stays: the server may be gone before it is, and then only our end knows of it. */
  function reunite(peerIds: readonly string[]): void {
    for (const end of ends.values()) {
      const isKnown = peerIds.includes(end.peerId) || wayTo(end.peerId) === "gone";
      if (isKnown && !hears(end.peerId)) forget(end.peerId, "joined again");
      else end.isDoubted = true;
    }
    for (const peerId of peerIds) meet(peerId, true);
  }

  /** Its other end was closed when we had left, and that has not found us: we are the later one now. */
  function dialAnew({ peerId }: End): void {
    forget(peerId, "silent since we joined again");
    if (wayTo(peerId) === "open") meet(peerId, true);
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
    abandon,
    hears,
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
      [...ends.values()].map(({ peerId, link, talk }) => ({
        peerId,
        link,
        nonsense: talk.nonsense,
        state: link?.state ?? "closed",
      })),
    close,
  };
}
