/**
 * Makes a room's views. Pure: it is told who is ready and what time it is, and answers with the next view
 * once one is due. Changes within `viewCoalesceMs` share one view, so that a burst of joins costs one.
 */
import type { View } from "../shared/core/view.ts";
import { safeRound } from "./pace.ts";
import type { Progress } from "./pace.ts";

export const viewCoalesceMs = 300;

/** A peer that wants to be a member. */
interface Candidate {
  readonly peerId: string;
  readonly progress: Progress | null;
}

/** Where a peer's training stood when it lost the server. */
interface Resume {
  readonly epoch: number;
  readonly round: number;
}

export interface Views {
  /** The newest view; without members before the first and after the last member has gone. */
  readonly current: View | null;
  /** When `next` has to be called, or null while nothing is due. */
  readonly dueMs: number | null;
  /** Tells who is ready now. */
  update(ready: readonly Candidate[], nowMs: number): void;
  /** The next view if it is due. */
  next(ready: readonly Candidate[], nowMs: number): View | null;
  /** A peer carries on from a view that this server need not know: later views come after it. */
  resume(from: Resume): void;
}

/**
 * After a restart of the server peers come back one by one within their back-off. Until most are there the
 * old view serves them better than one without the others.
 */
export const resumeCoalesceMs = 3_000;

export function createViews(options: { readonly minPeers: number; readonly lastRound: number }): Views {
  let current: View | null = null;
  let dueMs: number | null = null;
  let epoch = 0;
  let resumedRound: number | null = null;

  const members = () => current?.members ?? [];
  const running = () => members().length > 0;

  function isWanted(ready: readonly Candidate[]): boolean {
    if (sameMembers(members(), ready)) return false;
    // Peers that resume are training already: waiting for more of them would only keep newcomers out.
    return running() || resumedRound !== null || ready.length >= options.minPeers;
  }

  function fromRound(ready: readonly Candidate[], nowMs: number): number {
    if (ready.length === 0 || (!running() && resumedRound === null)) return 0;
    const reached = ready.map(({ progress }) => (progress ? safeRound(progress, nowMs) : 0));
    const earliest = Math.max(
      0,
      ...reached,
      (resumedRound ?? -1) + 1,
      running() ? (current?.fromRound ?? 0) : 0,
    );
    return Math.min(earliest, options.lastRound);
  }

  return {
    get current() {
      return current;
    },
    get dueMs() {
      return dueMs;
    },
    update(ready, nowMs) {
      if (!isWanted(ready)) dueMs = null;
      else dueMs ??= nowMs + (resumedRound !== null && !running() ? resumeCoalesceMs : viewCoalesceMs);
    },
    next(ready, nowMs) {
      if (dueMs === null || nowMs < dueMs) return null;
      dueMs = null;
      epoch += 1;
      current = { epoch, fromRound: fromRound(ready, nowMs), members: seats(members(), ready) };
      resumedRound = null;
      return current;
    },
    resume(from) {
      epoch = Math.max(epoch, from.epoch);
      resumedRound = Math.max(resumedRound ?? 0, from.round);
    },
  };
}

function sameMembers(members: readonly string[], ready: readonly Candidate[]): boolean {
  return members.length === ready.length && ready.every(({ peerId }) => members.includes(peerId));
}

/** Survivors keep their order, newcomers follow. */
function seats(members: readonly string[], ready: readonly Candidate[]): string[] {
  const ids = ready.map(({ peerId }) => peerId);
  const survivors = members.filter((peerId) => ids.includes(peerId));
  return [...survivors, ...ids.filter((peerId) => !survivors.includes(peerId))];
}
