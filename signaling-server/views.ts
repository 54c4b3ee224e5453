/**
 * Makes a room's views. Pure: it is told who is ready and what time it is, and answers with the next view
 * once one is due. Changes within `viewCoalesceMs` share one view, so that a burst of joins costs one.
 * Only members say where a running training is: anybody may join and claim any round.
 */
import type { View } from "../shared/core/view.ts";
import { safeRound, safeRoundOfAll } from "./pace.ts";
import type { Progress } from "./pace.ts";

export const viewCoalesceMs = 300;

/** Where a peer's training stood when it lost the server. */
interface Resume {
  readonly peerId: string;
  readonly epoch: number;
  readonly round: number;
}

export interface Views {
  /** The newest view; without members before the first and after the last member has gone. */
  readonly current: View | null;
  /** When `next` has to be called, or null while nothing is due. */
  readonly dueMs: number | null;
  /** Tells who is ready now. */
  update(ready: readonly string[], nowMs: number): void;
  /** The next view if it is due. */
  next(ready: readonly string[], nowMs: number): View | null;
  /** Where a peer is; counts while it is a member, or was one and waits for the next view. */
  reported(peerId: string, progress: Progress): void;
  /** A peer carries on from a view that this server need not know: later views come after it. */
  resume(from: Resume, nowMs: number): void;
  /** A member that paused is here again: where nobody trains any more, its training goes on. */
  comeBack(from: Omit<Resume, "epoch">, nowMs: number): void;
  /** A peer brings a model of so many rounds: where nobody trains, the newest one is where training begins. */
  brings(peerId: string, round: number): void;
}

/**
 * After a restart of the server peers come back one by one within their back-off. Until most are there the
 * old view serves them better than one without the others.
 */
export const resumeCoalesceMs = 3_000;
/** Peers try every 4 s at the least, half as much again by chance: by then all have found a server that is back. */
export const restartMs = 6_500;
/** From this many on, one that claims too much can be told from the others. */
const resumersToCompare = 3;

export function createViews(options: {
  readonly minPeers: number;
  readonly lastRound: number;
  /** When this server began to take peers. */
  readonly madeAtMs: number;
}): Views {
  let current: View | null = null;
  let madeAtMs = 0;
  let dueMs: number | null = null;
  let epoch = 0;
  /** The newest report of each member; one that left counts until the next view, if nobody else does. */
  const reports = new Map<string, Progress>();
  const resumed = new Map<string, Progress>();
  const brought = new Map<string, number>();
  /** Some of them come from before a restart of the server. */
  let isRestart = false;

  const members = () => current?.members ?? [];
  const running = () => members().length > 0;
  const resumers = (ready: readonly string[]) => ready.flatMap((peerId) => resumed.get(peerId) ?? []);
  const resuming = (ready: readonly string[]) => !running() && resumers(ready).length > 0;

  function isWanted(ready: readonly string[]): boolean {
    if (sameMembers(members(), ready)) return false;
    // Peers that resume are training already: waiting for more of them would only keep newcomers out.
    return running() || resuming(ready) || ready.length >= options.minPeers;
  }

  const newestBrought = (ready: readonly string[]) =>
    Math.max(0, ...ready.map((peerId) => brought.get(peerId) ?? 0));

  /** Who is ready with another model than the one that training begins with has to listen to it first. */
  function starters(ready: readonly string[]): readonly string[] {
    if (resuming(ready)) return ready.filter((peerId) => !brought.has(peerId));
    const newest = newestBrought(ready);
    return newest === 0 ? ready : ready.filter((peerId) => brought.get(peerId) === newest);
  }

  function earliestView(ready: readonly string[], nowMs: number): number {
    if (isRestart && resuming(ready)) return Math.max(nowMs + resumeCoalesceMs, options.madeAtMs + restartMs);
    const isLater = !running() && newestBrought(ready) > 0;
    return nowMs + (isLater ? resumeCoalesceMs : viewCoalesceMs);
  }

  function fromRound(ready: readonly string[], nowMs: number): number {
    if (ready.length === 0) return 0;
    if (!running() && !resuming(ready)) return newestBrought(ready);
    const earliest = current && running() ? runningRound(current, ready, nowMs) : resumedRound(ready, nowMs);
    return Math.min(earliest, options.lastRound);
  }

  function runningRound(view: View, ready: readonly string[], nowMs: number): number {
    const present = ready.flatMap((peerId) => reports.get(peerId) ?? []);
    const known = present.length > 0 ? present : [...reports.values()];
    const begun = { round: view.fromRound, atMs: madeAtMs };
    return Math.max(view.fromRound, safeRoundOfAll(known.length > 0 ? known : [begun], nowMs));
  }

  function resumedRound(ready: readonly string[], nowMs: number): number {
    const known = resumers(ready);
    if (known.length >= resumersToCompare) return safeRoundOfAll(known, nowMs);
    return Math.max(0, ...known.map((progress) => safeRound(progress, nowMs)));
  }

  return {
    get current() {
      return current;
    },
    get dueMs() {
      return dueMs;
    },
    update(ready, nowMs) {
      for (const map of [resumed, brought])
        for (const peerId of map.keys()) if (!ready.includes(peerId)) map.delete(peerId);
      if (!isWanted(ready)) dueMs = null;
      else dueMs ??= earliestView(ready, nowMs);
    },
    next(ready, nowMs) {
      if (dueMs === null || nowMs < dueMs) return null;
      dueMs = null;
      epoch += 1;
      const chosen = running() ? ready : starters(ready);
      current = { epoch, fromRound: fromRound(chosen, nowMs), members: seats(members(), chosen) };
      madeAtMs = nowMs;
      resumed.clear();
      brought.clear();
      isRestart = false;
      for (const peerId of reports.keys()) if (!ready.includes(peerId)) reports.delete(peerId);
      return current;
    },
    reported(peerId, progress) {
      if (members().includes(peerId)) reports.set(peerId, progress);
      else if (resumed.has(peerId)) resumed.set(peerId, progress);
    },
    resume({ peerId, epoch: known, round }, nowMs) {
      epoch = Math.max(epoch, known);
      // There is nothing to train after the last round: who claims to be there ends nobody's run.
      if (running() || round >= options.lastRound) return;
      // The first of a restart: what is due for newcomers has to wait for the others.
      if (!isRestart) dueMs = null;
      resumed.set(peerId, { round, atMs: nowMs });
      isRestart = true;
    },
    comeBack({ peerId, round }, nowMs) {
      if (!running()) resumed.set(peerId, { round, atMs: nowMs });
    },
    brings(peerId, round) {
      // Who resumes says where it is as well: what it has is the training's.
      if (running() || resumed.has(peerId) || round === 0 || round >= options.lastRound) return;
      brought.set(peerId, round);
    },
  };
}

function sameMembers(members: readonly string[], ready: readonly string[]): boolean {
  return members.length === ready.length && ready.every((peerId) => members.includes(peerId));
}

/** Survivors keep their order, newcomers follow. */
function seats(members: readonly string[], ready: readonly string[]): string[] {
  const survivors = members.filter((peerId) => ready.includes(peerId));
  return [...survivors, ...ready.filter((peerId) => !survivors.includes(peerId))];
}
