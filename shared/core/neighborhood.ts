/** Whom a peer knows: the views and its neighbours. */
import { maxAccounts } from "./constants.ts";
import { forgive, vouchFor } from "./conduct.ts";
import { createListeners } from "./listeners.ts";
import { createNeighbor, isListener } from "./neighbor.ts";
import type { LinkCounts, Neighbor } from "./neighbor.ts";
import { viewAt } from "./view.ts";
import type { View } from "./view.ts";

export interface Neighborhood {
  /** False when the view is an old one. */
  install(view: View): boolean;
  viewAt(round: number): View | undefined;
  /** A round begins: views that ended before the round before it are forgotten. */
  enter(round: number): void;
  get(peerId: string): Neighbor | undefined;
  /** Outlives the neighbour: figures are about the whole run. */
  account(peerId: string): LinkCounts | undefined;
  all(): Iterable<Neighbor>;
  linkOpened(peerId: string): Neighbor;
  linkClosed(peerId: string): void;
  setListening(peerId: string, listening: boolean): boolean;
  /** Listeners take their turns: a round of ours begins, and this is who gets something of it. */
  audience(now: number): Iterable<Neighbor>;
  /** The training is gone: its views, and where everybody was. */
  restart(): void;
  /** No member that we have a link to, and that is not muted, can have been in the round before this one, if there are any. */
  isAhead(round: number): boolean;
  /** All other members of a round, if there are any, are linked and only listen: nobody has the whole model. */
  isLeaderless(round: number): boolean;
  /**
   * The newest round that a quarter of the members (at least two, where we have links to two) have been seen in: of
   * those of our round or of the newest view, in which newcomers that have not trained yet may be all but one.
   * Who only listens counts where nobody else is left: it waits, as we do, for somebody to be further.
   */
  newestRound(ours: number): number;
}

export function createNeighborhood(ownId: string): Neighborhood {
  const neighbors = new Map<string, Neighbor>();
  const accounts = new Map<string, LinkCounts>();
  let views: readonly View[] = [];
  const listeners = createListeners((peerId) => views.at(-1)?.members.includes(peerId) ?? false);

  function install(view: View): boolean {
    if (views.some((older) => older.epoch >= view.epoch)) return false;
    const isFirst = views.length === 0;
    // A view that begins no earlier than a newer one never holds.
    views = [...views.filter((older) => older.fromRound < view.fromRound), view];
    for (const neighbor of neighbors.values()) {
      forgive(neighbor.counts.conduct);
      // A training that began anew is in earlier rounds than the one before: where somebody was then says nothing.
      neighbor.newestRound = Math.min(neighbor.newestRound, view.fromRound - 1);
      neighbor.enteredRound = Math.min(neighbor.enteredRound, view.fromRound - 1);
      neighbor.declinedRound = Math.min(neighbor.declinedRound, view.fromRound - 1);
    }
    for (const member of view.members) {
      if (member === ownId) continue;
      const neighbor = known(member);
      if (isFirst) vouchFor(neighbor.counts.conduct);
    }
    for (const peerId of neighbors.keys()) forgetStranger(peerId);
    return true;
  }

  function restart(): void {
    views = [];
    for (const neighbor of neighbors.values())
      neighbor.newestRound = neighbor.enteredRound = neighbor.declinedRound = -1;
  }

  function enter(round: number): void {
    const oldest = viewAt(views, round - 1)?.epoch ?? 0;
    views = views.filter((view) => view.epoch >= oldest);
  }

  function known(peerId: string): Neighbor {
    const neighbor = neighbors.get(peerId) ?? createNeighbor(peerId, accounts.get(peerId));
    neighbors.set(peerId, neighbor);
    keepAccount(peerId, neighbor.counts);
    return neighbor;
  }

  /** The oldest accounts of those who left go first. */
  function keepAccount(peerId: string, counts: LinkCounts): void {
    accounts.set(peerId, counts);
    const excess = accounts.size - maxAccounts;
    const gone = [...accounts.keys()].filter((id) => !neighbors.has(id));
    for (const id of gone.slice(0, Math.max(0, excess))) accounts.delete(id);
  }

  function forgetStranger(peerId: string): void {
    const isMember = views.some((view) => view.members.includes(peerId));
    const neighbor = neighbors.get(peerId);
    if (!neighbor || isMember || neighbor.connected) return;
    listeners.ask(neighbor, false);
    neighbors.delete(peerId);
  }

  function linkClosed(peerId: string): void {
    const neighbor = neighbors.get(peerId);
    if (!neighbor) return;
    neighbor.connected = false;
    neighbor.unanswered = 0;
    listeners.ask(neighbor, false);
    neighbor.newestRound = -1;
    neighbor.enteredRound = -1;
    neighbor.declinedRound = -1;
    forgetStranger(peerId);
  }

  function othersIn(round: number): readonly (Neighbor | undefined)[] {
    const others = (viewAt(views, round)?.members ?? []).filter((peerId) => peerId !== ownId);
    return others.map((peerId) => neighbors.get(peerId));
  }

  /** It is not known where somebody is whose link has just opened, or who has just come into the view. */
  function isAhead(round: number): boolean {
    const isFirst = viewAt(views, round)?.fromRound === round;
    return othersIn(round)
      .filter((neighbor) => neighbor?.connected && neighbor.counts.conduct.mutedFor === 0)
      .every((one) => one && !isFirst && one.newestRound >= 0 && one.newestRound < round - 1);
  }

  function isLeaderless(round: number): boolean {
    const others = othersIn(round);
    return others.every((one) => one?.connected && isListener(one));
  }

  function newestRound(ours: number): number {
    return Math.max(newestOf(viewAt(views, ours)), newestOf(views.at(-1)));
  }

  function newestOf({ members }: Pick<View, "members"> = { members: [] }): number {
    const linked = members.flatMap((peerId) => neighbors.get(peerId) ?? []).filter((one) => one.connected);
    const trainers = linked.filter((one) => !isListener(one));
    const rounds = (trainers.length > 0 ? trainers : linked).map((one) => one.newestRound);
    const quorum = Math.min(rounds.length, Math.max(2, Math.ceil(members.length / 4)));
    return rounds.toSorted((a, b) => b - a)[quorum - 1] ?? -1;
  }

  return {
    install,
    restart,
    viewAt: (round) => viewAt(views, round),
    enter,
    get: (peerId) => neighbors.get(peerId),
    account: (peerId) => accounts.get(peerId),
    all: () => neighbors.values(),
    linkOpened(peerId) {
      const neighbor = known(peerId);
      neighbor.connected = true;
      return neighbor;
    },
    linkClosed,
    setListening: (peerId, wants) => listeners.ask(known(peerId), wants),
    audience(now) {
      listeners.beginRound(now);
      return neighbors.values();
    },
    isAhead,
    isLeaderless,
    newestRound,
  };
}
