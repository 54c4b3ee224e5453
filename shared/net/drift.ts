/**
 * Has our replica drifted away from the others'? A bit that flipped in memory, a bug or a path that carries
 * nothing leaves a replica behind while everything else looks well; whatever it learns then harms the rest.
 * Peers send each other sketches of their replicas (sketch.ts). The coordinate-wise median of the others'
 * sketches of one round is where they are, whatever a minority of them says. Ours is judged against how far
 * they themselves are from it.
 *
 * Nobody is told to go: a peer judges itself, waits until everybody had the time to speak, and takes three
 * verdicts in a row. Liars need half of those that spoke to move the median, and even then they cost it a
 * few rounds of listening, not more often than once in `restMs`.
 */
import type { Clock } from "../core/clock.ts";
import type { Sketch } from "./messages.ts";
import { distance } from "./sketch.ts";

/** Times the others' median distance. Twenty members' honest distances are within a factor of two. */
const tolerance = 5;
/**
 * Times the others' median local step. Who loses half of what he is sent, among others who lose nothing, is
 * 0.7 steps away from them (measured), and he belongs to them.
 */
const stepsAway = 2;
/** Share of the replica's length: less is as good as equal. */
const leastShare = 0.02;
const verdicts = 3;
const minOthers = 3;
/** After a false alarm nobody is to be kept from training. */
const restMs = 60_000;
/** Peers of other speeds are a few sketches ahead or behind. */
const keptSketches = 4;

/** What members tell each other. */
export interface MemberSketch extends Sketch {
  /** How far the local step of the round before this sketch went. */
  readonly moved: number;
}

export interface Drift {
  /** A sketch of our own replica. */
  own(sketch: Sketch): void;
  heard(peerId: string, sketch: MemberSketch): void;
  /** True once, after which it starts from nothing. */
  hasDrifted(): boolean;
}

export function createDrift(deps: {
  readonly clock: Clock;
  readonly selfId: string;
  /** Of the newest view. */
  readonly members: () => readonly string[];
}): Drift {
  const { clock, selfId } = deps;
  const others = new Map<string, readonly MemberSketch[]>();
  let mine: Sketch | undefined;
  let suspicions = 0;
  let isOut = false;
  let restUntil = -Infinity;

  function own(sketch: Sketch): void {
    // The one before: by now whoever is about as fast has sent his of that round.
    if (mine && mine.round < sketch.round && clock.now() >= restUntil) judge(mine);
    if (mine && sketch.round < mine.round) others.clear(); // a training that has begun again
    mine = sketch;
    const members = deps.members();
    for (const peerId of others.keys()) if (!members.includes(peerId)) others.delete(peerId);
  }

  function heard(peerId: string, sketch: MemberSketch): void {
    if (!deps.members().includes(peerId)) return;
    // The first word on a round stands: nobody may wait for ours and then correct his.
    const known = others.get(peerId) ?? [];
    if (known.some(({ round }) => round >= sketch.round)) return;
    others.set(peerId, [...known, sketch].slice(-keptSketches));
  }

  function judge(sketch: Sketch): void {
    const members = deps.members().filter((peerId) => peerId !== selfId);
    const sameRound = (peerId: string) => others.get(peerId)?.find(({ round }) => round === sketch.round);
    const theirs = members.map(sameRound).filter((one) => one !== undefined);
    if (theirs.length < Math.max(minOthers, members.length / 2)) return;
    suspicions = isFar(sketch.values, theirs) ? suspicions + 1 : 0;
    if (suspicions < verdicts) return;
    isOut = true;
    suspicions = 0;
    restUntil = clock.now() + restMs;
  }

  return {
    own,
    heard,
    hasDrifted() {
      const was = isOut;
      isOut = false;
      if (was) mine = undefined;
      return was;
    },
  };
}

function isFar(own: readonly number[], others: readonly MemberSketch[]): boolean {
  const centre = own.map((_, at) => median(others.map(({ values }) => values[at] ?? 0)));
  const usual = median(others.map(({ values }) => distance(values, centre)));
  const step = median(others.map(({ moved }) => moved));
  const length = Math.hypot(...centre);
  return !(distance(own, centre) <= Math.max(tolerance * usual, stepsAway * step, leastShare * length));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
