/** What a peer remembers of another one from round to round. */
import { newConduct } from "./conduct.ts";
import type { Conduct } from "./conduct.ts";
import { noDrops } from "./drops.ts";
import type { Drops } from "./drops.ts";
import { noLag } from "./lag.ts";
import type { Lag } from "./lag.ts";
import { minQuietMs, maxQuietMs, initialQuietMs } from "./constants.ts";

/** Rounds in time after which a peer is waited for again: at first, and at most. */
const usualReturn = 2;
const longestReturn = 64;
/** With such a debt to make others wait is a habit; there is no more of it to make up for than the most. */
const habit = 3;
const mostDebt = 4;
/** 70 rounds in time make up for having been given up once. */
const forgetting = 0.99;

/** Fragments over one link since it opened. */
export interface LinkCounts {
  /** Handed to the channel. */
  sent: number;
  /** Arrived and counted. */
  received: number;
  /** Came twice; the first one counted. */
  duplicates: number;
  readonly drops: Drops;
  readonly conduct: Conduct;
}

export interface Neighbor {
  readonly peerId: string;
  connected: boolean;
  /** Wants our gathers without being a member, … */
  asksToListen: boolean;
  /** … and gets them. */
  listening: boolean;
  /** Since it got them: our rounds, and when the first of those began. */
  servedRounds: number;
  servedSince: number;
  /** Rounds wait for this peer. Not after it made one run into its deadline, until it is on time again. */
  awaited: boolean;
  onTimeRounds: number;
  /** Rounds in time after which it is waited for again. */
  returnsAfter: number;
  /** Behind the others in what we wait for. */
  lag: Lag;
  /** Rounds in a row that this peer made run into their deadline. */
  missedRounds: number;
  /** Rounds that it, alone or with few, made run into their deadline; in time for two makes up for one. */
  debt: number;
  /** Silence after which a sender that is through is believed to be. */
  quietMs: number;
  /** Fragments since the last round's end that came before, and after, they were given up. */
  inTime: number;
  tooLate: number;
  /** Share of those that came too late, over the last rounds. */
  lateShare: number;
  newestRound: number;
  /** The same of what counted: no claim alone. Earlier rounds are over for it. */
  enteredRound: number;
  /** Requests of an audit in a row. */
  unanswered: number;
  /** The last round of which its marker says that something of its has come. */
  contributedRound: number;
  /** The last round in which it said that nothing of its comes: it only listens, and knows no more than we do. */
  declinedRound: number;
  readonly counts: LinkCounts;
}

/** The last that we heard of it is that it listens. */
export function isListener({ declinedRound, newestRound }: Neighbor): boolean {
  return declinedRound >= 0 && declinedRound >= newestRound;
}

function noCounts(): LinkCounts {
  return { sent: 0, received: 0, duplicates: 0, drops: noDrops(), conduct: newConduct() };
}

/** @param counts the account of an earlier acquaintance */
export function createNeighbor(peerId: string, counts: LinkCounts = noCounts()): Neighbor {
  return {
    peerId,
    connected: false,
    asksToListen: false,
    listening: false,
    servedRounds: 0,
    servedSince: 0,
    awaited: true,
    onTimeRounds: 0,
    returnsAfter: usualReturn,
    lag: noLag(),
    missedRounds: 0,
    debt: 0,
    quietMs: initialQuietMs,
    inTime: 0,
    tooLate: 0,
    lateShare: 0,
    newestRound: -1,
    enteredRound: -1,
    unanswered: 0,
    contributedRound: -1,
    declinedRound: -1,
    counts,
  };
}

/**
 * Once a round. A fragment that comes after it was given up is as good as lost, and a few of those cost less
 * than waiting: the quiet time is steered by their share, not by how late they were. A packet behind a
 * stalled SCTP association is half a second late; to be that patient made rounds ten times slower.
 */
export function steerQuiet(neighbor: Neighbor): void {
  const came = neighbor.inTime + neighbor.tooLate;
  if (came === 0) return;
  neighbor.lateShare += 0.2 * (neighbor.tooLate / came - neighbor.lateShare);
  neighbor.inTime = 0;
  neighbor.tooLate = 0;
  const wantedMs = neighbor.quietMs * steering(neighbor.lateShare);
  neighbor.quietMs = Math.min(maxQuietMs, Math.max(minQuietMs, wantedMs));
}

function steering(lateShare: number): number {
  if (lateShare > 0.1) return 1.3;
  return lateShare > 0.05 ? 1.08 : 0.97;
}

/** Once a round: a peer that nobody waits for is waited for again after a few rounds in time. */
export function judgePunctuality(neighbor: Neighbor, onTime: boolean): void {
  neighbor.onTimeRounds = onTime ? neighbor.onTimeRounds + 1 : 0;
  // Behind a bad link three misses close together come by chance: to come back with them would make a fourth one dear.
  if (onTime && isTardy(neighbor)) repay(neighbor);
  if (neighbor.onTimeRounds >= neighbor.returnsAfter) neighbor.awaited = true;
}

/**
 * A round ran into its deadline because of this peer. When it was silent nobody waits for it any more; when
 * a part came it is alive behind a bad link, and that is forgiven until it is a habit. Where many missed the
 * deadline, only who was silent in three is given up.
 */
export function noteMissed(neighbor: Neighbor, wasSilent: boolean, isOneOfFew: boolean): void {
  neighbor.missedRounds += 1;
  if (isOneOfFew) neighbor.debt = Math.min(mostDebt, neighbor.debt + 1);
  const isHabit = neighbor.debt >= habit || (wasSilent && isTardy(neighbor));
  if (isOneOfFew && isHabit) noteTardy(neighbor);
  else if (wasSilent && (isOneOfFew || neighbor.missedRounds >= 3)) giveUp(neighbor);
}

/** A round that waited for it, and not in vain. Not all is forgotten, or every third one could be. */
export function noteInTime(neighbor: Neighbor): void {
  neighbor.missedRounds = 0;
  repay(neighbor);
}

function repay(neighbor: Neighbor): void {
  neighbor.debt = Math.max(0, neighbor.debt - 0.5);
}

function giveUp(neighbor: Neighbor): void {
  neighbor.awaited = false;
  neighbor.onTimeRounds = 0;
}

/**
 * Rounds take longer because of this peer than it is worth, again and again. What it can do without us waiting is
 * more than what it can do when all of it is awaited, so each time it takes longer until it is tried again.
 */
export function noteTardy(neighbor: Neighbor): void {
  giveUp(neighbor);
  neighbor.returnsAfter = Math.min(longestReturn, 2 * neighbor.returnsAfter);
}

/** What it was once given up for is forgotten, rounds later. */
export function noteTimely(neighbor: Neighbor): void {
  neighbor.returnsAfter = Math.max(usualReturn, forgetting * neighbor.returnsAfter);
}

/** It was given up for that, now or not long ago. */
export function isTardy({ returnsAfter }: Neighbor): boolean {
  return returnsAfter > usualReturn;
}

/** Nothing of a muted peer is used, so nothing is waited for. */
export function noteMuted(neighbor: Neighbor): void {
  giveUp(neighbor);
  neighbor.newestRound = -1;
}
