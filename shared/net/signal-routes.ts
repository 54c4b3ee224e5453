/**
 * How signals find their way to another peer: through the signaling server; where that is away, or what we
 * sent through it stays without an answer, through a neighbour that has a link to both ("relay" to it,
 * "relayed" from it). An attempt to connect keeps the way that its first signal took.
 *
 * A relay could lie about who speaks. So signals pass one hop only, between members of the view; a relayed
 * offer is heard only where the link it would replace is silent, and the rest of an attempt only from the
 * neighbour that began it. Whoever may relay can at worst disturb what does not work anyway.
 */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import { createTokenBucket } from "../core/token-bucket.ts";
import type { TokenBucket } from "../core/token-bucket.ts";
import type { ControlMessage } from "./control.ts";
import type { Mesh, Way } from "./mesh-interface.ts";
import type { SealedSignal } from "./seals.ts";

/** Passed on for one neighbour: dialling thirty others takes some ten signals each. */
const relayed = { perSecond: 16, burst: 320 } as const;
/** And to one: more, so that no single neighbour takes all of it; less than what closes our link to it (talk.ts). */
const towards = { perSecond: 64, burst: 640 } as const;
/** Taken from one neighbour: each costs us a connection. */
const offers = { perSecond: 1, burst: 32 } as const;
/**
 * As JSON, where a character can take six. A description has about 1,000, ten candidates included. With who it is from
 * it must stay a control message, or it would seem to be us who makes no sense.
 */
const maxRelayed = 4_096;
/** Attempts that are remembered; two for every other member is what is under way. */
const maxRoutes = 128;

const server = "server";

interface Route {
  readonly attempt: string;
  /** `server`, or the neighbour that relays. */
  readonly via: string;
  /** The other side has said something. */
  isAnswered: boolean;
}

export interface SignalRoutes {
  wayTo(peerId: string): Way;
  send(to: string, attempt: string, data: SealedSignal): void;
  fromServer(from: string, attempt: string, data: SealedSignal): void;
  onControl(neighbor: string, message: ControlMessage): void;
}

export function createSignalRoutes(deps: {
  readonly selfId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly server: {
    readonly isUp: boolean;
    /** In the room, as far as we were told since we joined (again). */
    lists(peerId: string): boolean;
    signal(to: string, attempt: string, data: SealedSignal): void;
  };
  /** Of the newest view that we know. */
  readonly isMember: (peerId: string) => boolean;
  readonly mesh: () => Pick<Mesh, "open" | "tell" | "signal" | "meet" | "hears" | "abandon">;
}): SignalRoutes {
  const { selfId, clock, isMember } = deps;
  const routes = new Map<string, Route>();
  /** Of our own attempts the newest to each peer. */
  const newest = new Map<string, Route>();
  const buckets = new Map<string, TokenBucket>();

  const keyOf = (peerId: string, attempt: string) => `${peerId} ${attempt}`;

  /** Who could pass something on to `peerId`. */
  function relaysTo(peerId: string): readonly string[] {
    if (!isMember(selfId) || !isMember(peerId)) return [];
    return deps.mesh().open.filter((id) => id !== peerId && isMember(id));
  }

  const isAtServer = (peerId: string) => deps.server.isUp && deps.server.lists(peerId);

  function wayTo(peerId: string): Way {
    if (isAtServer(peerId) || relaysTo(peerId).length > 0) return "open";
    return deps.server.isUp && !isMember(peerId) ? "gone" : "none";
  }

  /** The server first; the other way after an attempt that nobody answered. */
  function choose(to: string): string | undefined {
    const before = newest.get(to);
    const relays = relaysTo(to);
    const isDeaf = before?.via === server && !before.isAnswered;
    if (isAtServer(to) && !(isDeaf && relays.length > 0)) return server;
    const last = relays.indexOf(before?.via ?? "");
    const count = Math.max(1, relays.length);
    return relays[last < 0 ? deps.rng.below(count) : (last + 1) % count];
  }

  function send(to: string, attempt: string, data: SealedSignal): void {
    const route = routes.get(keyOf(to, attempt)) ?? begin(to, attempt);
    if (!route) return;
    if (route.via === server) deps.server.signal(to, attempt, data);
    else deps.mesh().tell(route.via, { type: "relay", to, attempt, data });
  }

  function begin(to: string, attempt: string): Route | undefined {
    const via = choose(to);
    if (via === undefined) return undefined;
    const route = note(to, { attempt, via, isAnswered: false });
    newest.delete(to);
    newest.set(to, route);
    dropOldest(newest);
    return route;
  }

  function note(peerId: string, route: Route): Route {
    routes.set(keyOf(peerId, route.attempt), route);
    dropOldest(routes);
    return route;
  }

  function fromServer(from: string, attempt: string, data: SealedSignal): void {
    const known = routes.get(keyOf(from, attempt));
    if (known?.via !== server) note(from, { attempt, via: server, isAnswered: true });
    else known.isAnswered = true;
    deps.mesh().signal(from, attempt, data);
  }

  function onControl(neighbor: string, message: ControlMessage): void {
    if (message.type === "relay") passOn(neighbor, message.to, message.attempt, message.data);
    else if (message.type === "relayed") take(neighbor, message.from, message.attempt, message.data);
    else if (message.type === "unreachable") giveUp(neighbor, message.to, message.attempt);
  }

  function passOn(from: string, to: string, attempt: string, data: SealedSignal): void {
    if (!isMember(from) || !isMember(to) || to === from || to === selfId || !isSmall(data)) return;
    if (!isWithin(`from ${from}`, relayed) || !isWithin(`to ${to}`, towards)) return;
    const isPassed = deps.mesh().tell(to, { type: "relayed", from, attempt, data });
    if (!isPassed && data.type === "offer") deps.mesh().tell(from, { type: "unreachable", to, attempt });
  }

  function take(relay: string, from: string, attempt: string, data: SealedSignal): void {
    if (!isMember(relay) || !isMember(from) || from === relay || from === selfId || !isSmall(data)) return;
    // Each has a signature to be checked: a relay must not use up what the true sender needs.
    if (data.type !== "candidate" && !isWithin(`by ${relay}`, offers)) return;
    const known = routes.get(keyOf(from, attempt));
    if (known) {
      if (known.via !== relay) return;
      known.isAnswered = true;
    } else {
      const isOffer = data.type === "offer" && (data.lane ?? 0) === 0;
      if (!isOffer || deps.mesh().hears(from)) return;
      note(from, { attempt, via: relay, isAnswered: true });
      deps.mesh().meet(from, false);
    }
    deps.mesh().signal(from, attempt, data);
  }

  /** The relay has no link to it: another one may. */
  function giveUp(relay: string, to: string, attempt: string): void {
    const route = routes.get(keyOf(to, attempt));
    if (route?.via === relay && newest.get(to) === route && !route.isAnswered)
      deps.mesh().abandon(to, attempt, "the neighbour that was to relay can't reach it either");
  }

  function isWithin(name: string, limit: { readonly perSecond: number; readonly burst: number }): boolean {
    const bucket = buckets.get(name) ?? createTokenBucket(limit.perSecond, limit.burst);
    buckets.delete(name);
    buckets.set(name, bucket);
    dropOldest(buckets);
    return bucket.take(clock.now());
  }

  return { wayTo, send, fromServer, onControl };
}

function isSmall(data: SealedSignal): boolean {
  return JSON.stringify(data).length <= maxRelayed;
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > maxRoutes && oldest !== undefined) map.delete(oldest);
}
