/**
 * Makes a room's views. Pure: it is told who is ready and what time it is, and answers with the next view
 * once one is due. Changes within `viewCoalesceMs` share one view, so that a burst of joins costs one.
 * Only members say where a running training is: anybody may join and claim any round.
 */
import type { View } from "../shared/core/view.ts";
import { beginningOf } from "./beginning.ts";
import type { Beginning, Brought } from "./beginning.ts";
import { safeRoundOfAll } from "./pace.ts";
import type { Progress } from "./pace.ts";
import { createReturning } from "./returning.ts";
import { sameMembers, seats } from "./seats.ts";
import { createViewSpacing, viewCoalesceMs } from "./view-spacing.ts";

/** Where a peer's training stood when it lost the server. */
interface Resume {
  readonly peerId: string;
  readonly epoch: number;
  readonly round: number;
  readonly cycleMs?: number | undefined;
  /** It has been here since this server began: its training is no older one. */
  readonly isKnown: boolean;
  /** It holds the key of its id. */
  readonly isProven: boolean;
}

export interface NextView {
  readonly view: View;
  /** The models that it begins with, where it begins with models. */
  readonly beginning?: Beginning;
  /** Whose training is over: for nobody else is this view. */
  readonly over?: readonly string[];
  /** Whose training goes on, from the next view on: for everybody else is this one. */
  readonly back?: readonly string[];
}

export interface Views {
  /** The newest view; without members before the first and after the last member has gone. */
  readonly current: View | null;
  /** When `next` has to be called, or null while nothing is due. */
  readonly dueMs: number | null;
  /** Tells who is ready now, and of how many in the room. */
  update(ready: readonly string[], present: number, nowMs: number): void;
  /** The next view if it is due. */
  next(ready: readonly string[], nowMs: number): NextView | null;
  /** The round that the members besides this one may have reached; undefined where none has said where it is. */
  othersRound(peerId: string, nowMs: number): number | undefined;
  /** Where a peer is; counts while it is a member, or was one and waits for the next view. */
  reported(peerId: string, progress: Progress): void;
  /**
   * A peer carries on from a view that this server need not know: later views come after it. The view that
   * ends what has begun here without its training, if something has.
   */
  resume(from: Omit<Resume, "isProven">, nowMs: number): View | null;
  /**
   * The view that tells a peer that it comes from another training than the one here, if that is so; "held":
   * `next` will tell whether that one goes on in place of this one, and until then no view is for this peer.
   */
  leaveOut(from: Resume, nowMs: number): View | "held" | null;
  holds(peerId: string): boolean;
  /** A peer pauses. If it was held: the view that tells it that its training is over. */
  letGo(peerId: string): View | null;
  /** `isLost`: its socket broke. */
  left(peerId: string, isLost: boolean, nowMs: number): void;
  /** A peer has a model that has been through some rounds: where nobody trains, training may begin with it. */
  brings(peerId: string, model: Brought): void;
}

/**
 * After a restart of the server peers come back one by one within their back-off. Until most are there the
 * old view serves them better than one without the others.
 */
export const resumeCoalesceMs = 3_000;
/** Peers try every 4 s at the least, half as much again by chance: by then all have found a server that is back. */
export const restartMs = 6_500;
/**
 * Who was quicker than the members of a training that has lost its server has not begun another one: so long
 * after the server's beginning theirs takes its place.
 */
export const takeoverMs = 24_000;
/** As far as one peer's word raises the epoch: nobody lives to see as many views as are left above it. */
export const maxOneWordEpoch = 2 ** 31;

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
  const brought = new Map<string, Brought>();
  /** What those present have said to know. */
  const knownEpochs = new Map<string, number>();
  /** Some of them come from before a restart of the server. */
  let isRestart = false;
  /** Since when they can have found the server. */
  let reachableMs = options.madeAtMs;
  /** What trains began here, with nobody's model or one peer's: a training from before may take its place. */
  let isNew = false;
  /** The first epoch of what trains, if that began here: who is in it has been here since. 0 where it was resumed. */
  let firstEpoch = 0;
  /** A single one that resumes has put off the view of others once. */
  let wasPutOff = false;
  /** Of the last training: who was in it at its end, and the round that they may have reached. */
  let last: { readonly members: readonly string[]; readonly round: number } = { members: [], round: 0 };
  const returning = createReturning();
  const spacing = createViewSpacing();

  const members = () => current?.members ?? [];
  const running = () => members().length > 0;
  /** A member has gone. */
  const isSmaller = (ready: readonly string[]) => !members().every((peerId) => ready.includes(peerId));
  const resumers = (ready: readonly string[]) => ready.flatMap((peerId) => resumed.get(peerId) ?? []);
  const resuming = (ready: readonly string[]) => !running() && resumers(ready).length > 0;

  function isWanted(ready: readonly string[]): boolean {
    if (sameMembers(members(), ready)) return false;
    // Peers that resume are training already: waiting for more of them would only keep newcomers out.
    return running() || resuming(ready) || isComeBack() || ready.length >= options.minPeers;
  }

  /** Peers that paused here go on without waiting for others, as do those that train already. */
  const isComeBack = () => [...brought.values()].some(({ wasMember }) => wasMember);

  function earliestView(ready: readonly string[], present: number, nowMs: number): number {
    if (isRestart && resuming(ready)) return Math.max(nowMs + resumeCoalesceMs, reachableMs + restartMs);
    // Newer models may be on their way; not to a room that all have come back to.
    const isLater = brought.size > 0 && !(isComeBack() && ready.length === present);
    return nowMs + (isLater ? resumeCoalesceMs : viewCoalesceMs);
  }

  /** Who is ready with another model than the one that training begins with has to listen to it first. */
  function start(ready: readonly string[], nowMs: number): Omit<NextView, "view"> & Omit<View, "epoch"> {
    if (ready.length === 0) return { fromRound: 0, members: [] };
    if (current && running())
      return { fromRound: atMost(runningRound(current, ready, nowMs)), members: seats(members(), ready) };
    const beginning = beginningOf(brought);
    const living = ready.filter((peerId) => resumed.has(peerId));
    const others = ready.filter((peerId) => !resumed.has(peerId));
    const isOutvoted =
      living.length === 1 && (beginning?.isAgreed || isForeign(living[0], others.length, nowMs));
    // It may bring what it has as a checkpoint; so the others wait once, and not again for the next one.
    if (isOutvoted && !wasPutOff) return { fromRound: 0, members: [], over: living };
    // What goes on is newer than any checkpoint; but one's word is not more than what others agree on.
    if (living.length > 0 && !isOutvoted)
      return { fromRound: atMost(safeRoundOfAll(resumers(ready), nowMs)), members: living };
    if (!beginning) return { fromRound: 0, members: others };
    return { fromRound: beginning.round, members: beginning.starters, beginning };
  }

  /** One that says to be in a training which nobody here knows of, where enough others are ready to begin. */
  function isForeign(peerId: string | undefined, others: number, nowMs: number): boolean {
    const isKnown = peerId !== undefined && last.members.includes(peerId);
    return !isKnown && others >= options.minPeers && nowMs >= options.madeAtMs + takeoverMs;
  }

  /** Above `maxOneWordEpoch` the second largest that is said counts. */
  function believableEpoch(): number {
    const [first = 0, second = 0] = [...knownEpochs.values()].toSorted((a, b) => b - a);
    return Math.max(Math.min(first, maxOneWordEpoch), second);
  }

  const atMost = (round: number) => Math.min(round, options.lastRound);

  function runningRound(view: View, ready: readonly string[], nowMs: number): number {
    const present = ready.flatMap((peerId) => reports.get(peerId) ?? []);
    const known = present.length > 0 ? present : [...reports.values()];
    const begun = { round: view.fromRound, atMs: madeAtMs };
    return Math.max(view.fromRound, safeRoundOfAll(known.length > 0 ? known : [begun], nowMs));
  }

  function adopt(fromRound: number, of: readonly string[], nowMs: number): View {
    epoch += 1;
    current = { epoch, fromRound, members: [...of] };
    madeAtMs = nowMs;
    spacing.made(nowMs);
    return current;
  }

  /** What trains ends without its members' having left. */
  function end(before: typeof last, nowMs: number): View {
    reports.clear();
    last = before;
    return adopt(0, [], nowMs);
  }

  const endFor = (): View => ({ epoch: (epoch += 1), fromRound: 0, members: [] });

  function takeBack(nowMs: number): NextView {
    const epochs = { first: firstEpoch, last: current?.epoch ?? 0 };
    const { voters, held, sinceMs } = returning.decide(members().length, epochs);
    if (!voters) return { view: endFor(), over: held };
    const back = [...voters.keys()];
    // A new one even where all have left: who has just become ready would not heed one that it knows.
    const view = end({ members: back, round: 0 }, nowMs);
    for (const [peerId, progress] of voters) resumed.set(peerId, progress);
    [isRestart, reachableMs, dueMs] = [true, sinceMs, null];
    return { view, back };
  }

  return {
    get current() {
      return current;
    },
    get dueMs() {
      return returning.dueMs === null ? dueMs : Math.min(dueMs ?? Infinity, returning.dueMs);
    },
    update(ready, present, nowMs) {
      for (const map of [resumed, brought, knownEpochs])
        for (const peerId of map.keys()) if (!ready.includes(peerId)) map.delete(peerId);
      if (!isWanted(ready)) {
        dueMs = null;
        spacing.forget();
      } else if (running()) dueMs = spacing.changed(isSmaller(ready), nowMs);
      else dueMs ??= earliestView(ready, present, nowMs);
    },
    next(ready, nowMs) {
      if (returning.dueMs !== null && nowMs >= returning.dueMs) return takeBack(nowMs);
      if (dueMs === null || nowMs < dueMs) return null;
      dueMs = null;
      const wasRunning = running();
      if (current && wasRunning && ready.length === 0) {
        last = { members: members(), round: runningRound(current, ready, nowMs) };
        returning.emptied(nowMs);
      }
      const { fromRound, members: chosen, ...about } = start(ready, nowMs);
      const back = wasRunning ? [] : chosen.filter((peerId) => resumed.has(peerId));
      const isOwn = back.length === 0;
      const view = adopt(fromRound, chosen, nowMs);
      wasPutOff = about.over !== undefined;
      if (about.over) {
        for (const peerId of about.over) resumed.delete(peerId);
        dueMs = nowMs + resumeCoalesceMs;
        return { view, over: about.over };
      }
      if (!wasRunning) {
        isNew = isOwn && !about.beginning?.isAgreed;
        firstEpoch = isOwn ? view.epoch : 0;
        returning.began(back, nowMs);
      }
      for (const [peerId, progress] of resumed) if (back.includes(peerId)) reports.set(peerId, progress);
      resumed.clear();
      brought.clear();
      isRestart = false;
      for (const peerId of reports.keys()) if (!ready.includes(peerId)) reports.delete(peerId);
      return { view, ...about };
    },
    othersRound(peerId, nowMs) {
      const others = [...reports].flatMap(([id, progress]) => (id === peerId ? [] : progress));
      return others.length > 0 ? safeRoundOfAll(others, nowMs) : undefined;
    },
    reported(peerId, progress) {
      returning.reported(peerId, progress);
      if (members().includes(peerId)) reports.set(peerId, progress);
      else if (resumed.has(peerId)) resumed.set(peerId, progress);
    },
    resume({ peerId, epoch: known, round, cycleMs, isKnown }, nowMs) {
      const mayTakeOver = isNew && !isKnown && nowMs < options.madeAtMs + takeoverMs;
      knownEpochs.set(peerId, known);
      epoch = Math.max(epoch, believableEpoch());
      // There is nothing to train after the last round: who claims to be there ends nobody's run.
      if (round >= options.lastRound || returning.hasReplaced(known)) return null;
      if (running() && !mayTakeOver) return null;
      const ended = running() ? end({ members: [], round: 0 }, nowMs) : null;
      // The first of a restart: what is due for newcomers has to wait for the others.
      if (!isRestart) dueMs = null;
      resumed.set(peerId, { round, atMs: nowMs, cycleMs });
      isRestart = true;
      return ended;
    },
    leaveOut({ peerId, epoch: known, round, isKnown, isProven }, nowMs) {
      if (returning.hasReplaced(known)) return endFor();
      if (!running() || firstEpoch === 0 || (isKnown && known >= firstEpoch)) return null;
      // Who is away has an id that anybody can say.
      const mayReturn = isProven && known < firstEpoch && round < options.lastRound;
      return mayReturn && returning.hold(peerId, round, members().length, nowMs) ? "held" : endFor();
    },
    holds: returning.holds,
    letGo: (peerId) => (returning.letGo(peerId) ? endFor() : null),
    left(peerId, isLost, nowMs) {
      const progress = isLost && members().includes(peerId) ? reports.get(peerId) : undefined;
      returning.left(peerId, progress, nowMs);
    },
    brings(peerId, model) {
      // Who resumes says where it is as well: what it has is the training's.
      if (running() || resumed.has(peerId) || model.round === 0 || model.round >= options.lastRound) return;
      // Its round is its own word: beyond what the members may have reached it is anybody's model.
      brought.set(peerId, { ...model, wasMember: model.wasMember && model.round <= last.round });
    },
  };
}
