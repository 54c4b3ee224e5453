/**
 * Tells a room of those who come back several at a time. When a server is back under thousands of peers, saying of
 * each of them to everybody that it is here is much of what there is to do. Nobody waits for it: they are members of
 * a training that goes on, and their links have outlived the server's absence.
 */
import type { RoomEffect } from "./room-interface.ts";

/** So long the first of them is kept back, if nothing else is said meanwhile. */
export const arrivalsMs = 4_000;

type Joined = Extract<RoomEffect, { readonly event: "joined" }>;

export interface Arrivals {
  /** All that is added until the next `take` is about one room, in which nothing else happens. */
  add(joined: Joined): void;
  has(peerId: string): boolean;
  /** What has waited: to those who were there before, and to each of these of the ones after it. */
  take(): Joined[];
}

export function createArrivals(): Arrivals {
  let waiting: Joined[] = [];
  return {
    add: (joined) => void waiting.push(joined),
    has: (peerId) => waiting.some(({ data }) => data.peers.some((peer) => peer.peerId === peerId)),
    take() {
      const taken = waiting;
      waiting = [];
      const from = (first: number) => ({ peers: taken.slice(first).flatMap(({ data }) => data.peers) });
      return taken.map(({ event, to }, at) => {
        const before = taken[at - 1]?.data.peers.map(({ peerId }) => peerId);
        return { event, to: before ?? to, data: from(at) };
      });
    },
  };
}
