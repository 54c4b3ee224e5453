/** Whom a peer knows: the views and its neighbours. */
import { maxListeners } from "./constants.ts";
import { createNeighbor } from "./neighbor.ts";
import type { Neighbor } from "./neighbor.ts";
import { viewAt } from "./view.ts";
import type { View } from "./view.ts";

/** Views a machine remembers: the current one, those about to begin, and the one before. */
const rememberedViews = 4;

export interface Neighborhood {
  /** False when the view is an old one. */
  install(view: View): boolean;
  viewAt(round: number): View | undefined;
  get(peerId: string): Neighbor | undefined;
  all(): Iterable<Neighbor>;
  linkOpened(peerId: string): void;
  linkClosed(peerId: string): void;
  setListening(peerId: string, listening: boolean): boolean;
  /** The newest round that a quarter of the members (at least two, where there are two) have been seen in. */
  newestRound(): number;
}

export function createNeighborhood(ownId: string): Neighborhood {
  const neighbors = new Map<string, Neighbor>();
  let views: readonly View[] = [];

  function install(view: View): boolean {
    if (views.some((older) => older.epoch >= view.epoch)) return false;
    views = [...views.slice(1 - rememberedViews), view];
    for (const member of view.members) if (member !== ownId) known(member);
    for (const peerId of neighbors.keys()) forgetStranger(peerId);
    return true;
  }

  function known(peerId: string): Neighbor {
    const neighbor = neighbors.get(peerId) ?? createNeighbor(peerId);
    neighbors.set(peerId, neighbor);
    return neighbor;
  }

  function forgetStranger(peerId: string): void {
    const isMember = views.some((view) => view.members.includes(peerId));
    if (!isMember && !neighbors.get(peerId)?.connected) neighbors.delete(peerId);
  }

  function linkClosed(peerId: string): void {
    const neighbor = neighbors.get(peerId);
    if (!neighbor) return;
    neighbor.connected = false;
    neighbor.listening = false;
    neighbor.newestRound = -1;
    forgetStranger(peerId);
  }

  function setListening(peerId: string, listening: boolean): boolean {
    const neighbor = known(peerId);
    const others = [...neighbors.values()].filter((other) => other.listening && other !== neighbor);
    neighbor.listening = listening && others.length < maxListeners;
    return neighbor.listening === listening;
  }

  function newestRound(): number {
    const rounds = [...neighbors.values()]
      .map((neighbor) => neighbor.newestRound)
      .filter((round) => round >= 0);
    const members = views.at(-1)?.members.length ?? 0;
    const quorum = Math.min(rounds.length, Math.max(2, Math.ceil(members / 4)));
    return rounds.toSorted((a, b) => b - a)[quorum - 1] ?? -1;
  }

  return {
    install,
    viewAt: (round) => viewAt(views, round),
    get: (peerId) => neighbors.get(peerId),
    all: () => neighbors.values(),
    linkOpened: (peerId) => void (known(peerId).connected = true),
    linkClosed,
    setListening,
    newestRound,
  };
}
