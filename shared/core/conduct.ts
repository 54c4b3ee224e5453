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

interface Account {
  points: number;
  mutedFor: number;
  mutes: number;
  /** Of the last mute. */
  reason: Offence | undefined;
}

export interface Conduct {
  readonly offences: Record<Offence, number>;
  /** What only it can have done; and apart from that what another view would explain (`notOwed`). */
  readonly own: Account;
  readonly byView: Account;
  /** Without an offence, since it was met or muted; no more than `probationRounds`. */
  cleanRounds: number;
  isClean: boolean;
  /** Rounds of ours until it may speak again. */
  readonly mutedFor: number;
  /** Why it is muted, or was. */
  readonly reason: Offence | undefined;
}

const newAccount = (): Account => ({ points: 0, mutedFor: 0, mutes: 0, reason: undefined });

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
  const own = newAccount();
  const byView = newAccount();
  return {
    offences,
    own,
    byView,
    cleanRounds: 0,
    isClean: true,
    get mutedFor() {
      return Math.max(own.mutedFor, byView.mutedFor);
    },
    get reason() {
      return byView.mutedFor > own.mutedFor ? byView.reason : (own.reason ?? byView.reason);
    },
  };
}

/** True when this mutes the peer, or would if it were not muted already. */
export function offend(conduct: Conduct, offence: Offence, limit: number): boolean {
  conduct.offences[offence] += 1;
  conduct.isClean = false;
  const account = offence === "notOwed" ? conduct.byView : conduct.own;
  account.points += pointsOf[offence];
  if (account.points <= limit) return false;
  conduct.cleanRounds = 0;
  Object.assign(account, { points: 0, reason: offence });
  if (account.mutedFor > 0) return true;
  account.mutedFor = Math.min(longestMute, mutedRounds * 2 ** account.mutes);
  account.mutes += 1;
  return true;
}

/**
 * Another view: who sent what another training's view of the same number would ask for was no liar. A liar can bring
 * a new view about whenever it likes, so that makes up for nothing else.
 */
export function forgive({ byView }: Conduct): void {
  if (byView.mutedFor > 0) Object.assign(byView, newAccount());
}

/** A round of ours is over. */
export function fade(conduct: Conduct): void {
  if (conduct.mutedFor === 0 && conduct.isClean)
    conduct.cleanRounds = Math.min(probationRounds, conduct.cleanRounds + 1);
  conduct.isClean = true;
  for (const account of [conduct.own, conduct.byView]) {
    account.mutedFor = Math.max(0, account.mutedFor - 1);
    account.points *= remembered;
  }
}

/** One of the members when we came: there is nobody to whom it would be new. */
export function vouchFor(conduct: Conduct): void {
  if (conduct.reason === undefined) conduct.cleanRounds = probationRounds;
}
