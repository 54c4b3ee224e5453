/**
 * How another peer behaves, as far as its packets show: what an honest peer never sends is counted by kind, and
 * who goes on with it is *muted*: nothing of it is used for some rounds. A bad packet alone changes nothing (it is
 * dropped), so there is room for accidents: points fade from round to round.
 */
export const offenceKinds = [
  "malformed",
  "notFinite",
  "tooLarge",
  "notOwed",
  "duplicate",
  "owner",
  "contribution",
  "audit",
] as const;
/**
 * malformed: no packet of this task. notFinite, tooLarge: values nobody learns. notOwed: fragments that were not its
 * to send to us, or in another's name. duplicate: more than two copies of each fragment. owner: a block most of which
 * is far from what we have ourselves (owner-check.ts). contribution: values far from everybody else's
 * (contribution-check.ts). audit: averages that the contributions to them do not explain (audit.ts).
 */
export type Offence = (typeof offenceKinds)[number];

/** A packet that fits nothing is 1 point. Chance may make us doubt a block, and nobody owns more than one a round. */
const pointsOf: Readonly<Record<Offence, number>> = {
  malformed: 1,
  notFinite: 1,
  tooLarge: 1,
  notOwed: 1,
  duplicate: 1,
  owner: 4,
  contribution: 4,
  audit: 16,
};
/** More points than this mute a peer: 33 bad packets at once, ten doubtful blocks in a row, or three audits. */
export const offenceLimit = 32;
/** What is left of the points a round later. */
const remembered = 0.95;
/** For so many of our rounds nothing of a muted peer is used; for twice as many the next time. */
export const mutedRounds = 1_024;
const longestMute = 2 ** 20;
/** A newcomer counts fully after so many rounds without an offence. */
export const probationRounds = 8;

export interface Conduct {
  readonly offences: Record<Offence, number>;
  points: number;
  /** Without an offence, since it was met or muted; no more than `probationRounds`. */
  cleanRounds: number;
  isClean: boolean;
  /** Rounds of ours until it may speak again. */
  mutedFor: number;
  mutes: number;
  /** Why it was muted last. */
  reason: Offence | undefined;
}

export function newConduct(): Conduct {
  const offences = {
    malformed: 0,
    notFinite: 0,
    tooLarge: 0,
    notOwed: 0,
    duplicate: 0,
    owner: 0,
    contribution: 0,
    audit: 0,
  };
  return { offences, points: 0, cleanRounds: 0, isClean: true, mutedFor: 0, mutes: 0, reason: undefined };
}

/** True when this mutes the peer, or would if it were not muted already. */
export function offend(conduct: Conduct, offence: Offence, limit: number): boolean {
  conduct.offences[offence] += 1;
  conduct.points += pointsOf[offence];
  conduct.isClean = false;
  if (conduct.points <= limit) return false;
  Object.assign(conduct, { points: 0, cleanRounds: 0, reason: offence });
  if (conduct.mutedFor > 0) return true;
  conduct.mutedFor = Math.min(longestMute, mutedRounds * 2 ** conduct.mutes);
  conduct.mutes += 1;
  return true;
}

/** Another view: who sent what another training's view of the same number would ask for was no liar. */
export function forgive(conduct: Conduct): void {
  if (conduct.mutedFor === 0 || conduct.reason !== "notOwed") return;
  Object.assign(conduct, { points: 0, mutedFor: 0, mutes: 0 });
}

/** A round of ours is over. */
export function fade(conduct: Conduct): void {
  if (conduct.mutedFor > 0) conduct.mutedFor -= 1;
  else if (conduct.isClean) conduct.cleanRounds = Math.min(probationRounds, conduct.cleanRounds + 1);
  conduct.isClean = true;
  conduct.points *= remembered;
}

/** One of the members when we came: there is nobody to whom it would be new. */
export function vouchFor(conduct: Conduct): void {
  if (conduct.reason === undefined) conduct.cleanRounds = probationRounds;
}
