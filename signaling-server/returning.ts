/**
 * Members that a server which was cut off has lost all at once: they train on with each other, while somebody
 * who still reaches it begins another training. When they come back theirs takes its place if they outnumber
 * its members. One alone ends nothing: whether it slept, or lies, nobody can tell.
 */
import { hasGoneOn } from "./pace.ts";
import type { Progress } from "./pace.ts";

/** Pings find out within 10 s of each other which sockets are dead. */
export const lostTogetherMs = 15_000;
/** So long after the first of them is back the others have found the server as well: a vain try of 16 s, and 6 s. */
export const returnMs = 24_000;
/** So long they are believed to have gone on; after that only what has lasted less long than theirs did ends. */
export const believedMs = 3_600_000;
/** Trainings that others took the place of, the newest: each costs as many peers as have to be believed. */
const maxReplaced = 16;

/** What comes back in place of what trains. */
interface ComeBack {
  /** Null where they are too few: their training is over. */
  readonly voters: ReadonlyMap<string, Progress> | null;
  readonly held: readonly string[];
  /** When the first of them was back. */
  readonly sinceMs: number;
}

export interface Returning {
  /** When `decide` has to be called, or null while nobody is waited for. */
  readonly dueMs: number | null;
  /** A training has begun; `resumers`: who had been in it before. */
  began(resumers: readonly string[], nowMs: number): void;
  /** A peer has left: with its newest report if it was a member and its socket broke. */
  left(peerId: string, lost: Progress | undefined, nowMs: number): void;
  /** The last member has gone. */
  emptied(nowMs: number): void;
  /** One comes back to another training of so many members. True: it waits for `decide`, and counts. */
  hold(peerId: string, round: number, against: number, nowMs: number): boolean;
  holds(peerId: string): boolean;
  /** It waits no longer. False: it did not. */
  letGo(peerId: string): boolean;
  reported(peerId: string, progress: Progress): void;
  /** @param epochs of the training that comes back's rival, the first and the last */
  decide(against: number, epochs: Epochs): ComeBack;
  /** Views of this epoch were of a training that another one took the place of: who was in it has to listen. */
  hasReplaced(epoch: number): boolean;
}

interface Epochs {
  readonly first: number;
  readonly last: number;
}

interface Away {
  readonly members: Map<string, Progress>;
  readonly sinceMs: number;
  /** The age that their training had. */
  readonly lastedMs: number;
}

export function createReturning(): Returning {
  /** Members whose sockets broke lately: as many as leave a room within `lostTogetherMs`. */
  const lost = new Map<string, Progress & { readonly lostAtMs: number }>();
  const held = new Map<string, Progress>();
  let away: Away | null = null;
  let replaced: readonly Epochs[] = [];
  let beganMs = 0;
  let sinceMs = 0;
  let dueMs: number | null = null;

  function forget(nowMs: number): void {
    for (const [peerId, { lostAtMs }] of lost) if (lostAtMs + lostTogetherMs < nowMs) lost.delete(peerId);
  }

  function letGo(peerId: string): boolean {
    const did = held.delete(peerId);
    if (held.size === 0) dueMs = null;
    return did;
  }

  /** Theirs is no older replica that slept, or has lasted longer than what is there now. */
  function isAlive(
    { lastedMs, sinceMs: awayMs }: Away,
    then: Progress,
    round: number,
    nowMs: number,
  ): boolean {
    if (nowMs - beganMs < lastedMs) return true;
    return nowMs < awayMs + believedMs && hasGoneOn(then, round, nowMs);
  }

  return {
    get dueMs() {
      return dueMs;
    },
    began(resumers, nowMs) {
      const isTheirs = resumers.some((peerId) => away?.members.has(peerId));
      beganMs = away && isTheirs ? away.sinceMs - away.lastedMs : nowMs;
      // They have the room back: from now on they have no more right to it than others.
      if (isTheirs) away = null;
    },
    left(peerId, progress, nowMs) {
      letGo(peerId);
      forget(nowMs);
      lost.delete(peerId);
      if (progress) lost.set(peerId, { ...progress, lostAtMs: nowMs });
    },
    emptied(nowMs) {
      forget(nowMs);
      // Of what one alone was in nothing can come back: it leaves those from before their place.
      if (lost.size > 1) away = { members: new Map(lost), sinceMs: nowMs, lastedMs: nowMs - beganMs };
      lost.clear();
      if (held.size > 0) dueMs = nowMs;
    },
    hold(peerId, round, against, nowMs) {
      const then = away?.members.get(peerId);
      if (!away || !then || away.members.size <= against || !isAlive(away, then, round, nowMs)) return false;
      if (held.size === 0) sinceMs = nowMs;
      held.set(peerId, { ...then, round, atMs: nowMs });
      dueMs = held.size > against ? nowMs : sinceMs + returnMs;
      return true;
    },
    holds: (peerId) => held.has(peerId),
    letGo,
    reported(peerId, progress) {
      if (held.has(peerId)) held.set(peerId, progress);
    },
    decide(against, epochs) {
      const voters = held.size > against ? new Map(held) : null;
      const all = [...held.keys()];
      held.clear();
      dueMs = null;
      // One try: who has been told that it is over takes part in the other one.
      if (!voters) for (const peerId of all) away?.members.delete(peerId);
      // What was resumed here has no first one, and is nobody's rival.
      else if (epochs.first > 0) replaced = [...replaced, epochs].slice(-maxReplaced);
      return { voters, held: all, sinceMs };
    },
    hasReplaced: (epoch) => replaced.some(({ first, last }) => first <= epoch && epoch <= last),
  };
}
