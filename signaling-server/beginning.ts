/**
 * Where a training begins when nobody trains: which of the models that peers bring counts. A round is one
 * peer's word, and a stranger can say any; so what two bring alike goes before what one brings, and the
 * newest of those before older ones. Only where no two agree one's word has to do.
 */
import { distance } from "../shared/net/sketch.ts";

/** A checkpoint, or the replica of a member that paused. */
export interface Brought {
  /** Rounds that the model has been through; above 0. */
  readonly round: number;
  /** What tells it from another training's model of that round; without one it is like nobody's. */
  readonly sketch: readonly number[] | undefined;
  /** It was a member here when it paused: what it has is this room's, whoever else has it. */
  readonly wasMember: boolean;
}

export interface Beginning {
  readonly round: number;
  /** Who has that model, and so can train from its first round on. */
  readonly starters: readonly string[];
  readonly isAgreed: boolean;
  /** Who brings a later round that nobody else does. */
  readonly passedOver: readonly string[];
}

/**
 * Of the shorter sketch's length. Replicas of one training are nearer even at heavy loss; models of two
 * trainings that are nearer can be averaged as well.
 */
const agreeingShare = 0.25;

/** Null where all come with the initial model. */
export function beginningOf(brought: ReadonlyMap<string, Brought>): Beginning | null {
  const groups = [...brought].map(([, own]) => groupOf(own, brought)).toSorted(byWeight);
  const [best] = groups;
  if (!best) return null;
  const later = [...brought].filter(([, { round }]) => round > best.round);
  return { ...best, passedOver: later.map(([peerId]) => peerId) };
}

type Group = Omit<Beginning, "passedOver">;

function groupOf(own: Brought, brought: ReadonlyMap<string, Brought>): Group {
  const alike = [...brought].filter(([, other]) => other === own || isAlike(own, other));
  const isAgreed = alike.length > 1 || own.wasMember;
  return { round: own.round, starters: alike.map(([peerId]) => peerId), isAgreed };
}

const byWeight = (a: Group, b: Group) =>
  Number(b.isAgreed) - Number(a.isAgreed) || b.round - a.round || b.starters.length - a.starters.length;

function isAlike(one: Brought, other: Brought): boolean {
  if (one.round !== other.round || !one.sketch || !other.sketch) return false;
  const length = Math.min(Math.hypot(...one.sketch), Math.hypot(...other.sketch));
  return distance(one.sketch, other.sketch) <= agreeingShare * length;
}
