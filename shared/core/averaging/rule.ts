/**
 * An averaging rule says what travels, how an owner combines what arrived, and what a peer makes of the
 * result. The exchange itself (round.ts) is the same for every rule.
 */
import type { AveragingName } from "../task.ts";
import type { View } from "../view.ts";

/** One peer's place in one round. A rule that remembers does so for as long as a view holds. */
export interface Turn {
  readonly view: View;
  readonly round: number;
  readonly seat: number;
}

/** Everything that reached the owner of one fragment; seats that did not are absent, never zero. */
export interface Contributions {
  /** Row `seat` starts at `offset + seat * stride`. */
  readonly values: Float32Array;
  offset: number;
  readonly stride: number;
  readonly members: number;
  /** `present[presentAt + seat]` is 1 where that seat's row arrived. The owner's own always has. */
  readonly present: Uint8Array;
  presentAt: number;
}

/**
 * Combines `count` values into `out[at]` (`at` is the fragment's place in the flat vector) and returns how
 * many seats contributed. Rows are visited in seat order whatever the order of arrival, so that reordering
 * and duplication give the bit-identical result.
 */
export type Reduce = (
  from: Readonly<Contributions>,
  count: number,
  out: Float32Array,
  at: number,
  turn: Turn,
) => number;

/** As a checkpoint writes it. */
export type FlatArray = Float32Array | Float64Array | Uint8Array;

/** All that a rule remembers of a view, for one that goes on in its place. */
export interface RuleMemory {
  /** In an order that the rule knows; what is in them may change with the next round. */
  of(view: View): readonly FlatArray[];
  /** Before the first round; the arrays are the rule's from then on. */
  restore(view: View, arrays: readonly FlatArray[]): void;
}

export interface AveragingRule {
  readonly name: AveragingName;
  /** Which channel fragments travel on, and so whether loss is accepted or waited for. */
  readonly channel: "unreliable" | "reliable";
  /** Owners are drawn anew for every round, or stay for a view: where an owner remembers what it received. */
  readonly ownersFor: "round" | "view";
  /** A rule that remembers is told of every round that this peer contributes to, before `outgoing`. */
  enter?(turn: Turn, before: Float32Array): void;
  /** The vector to exchange, of the replica before and after the local steps. */
  outgoing(before: Float32Array, after: Float32Array): Float32Array;
  /** What stands where no average arrives; a rule without it keeps what it sent. */
  kept?(before: Float32Array, after: Float32Array): Float32Array;
  readonly reduce: Reduce;
  /** Where strangers may lie: who is far from the others is drawn nearer and muted, newcomers count little at first. */
  readonly doubtsOthers?: boolean;
  /** Of all fragments, audited by somebody in a round (audit.ts). */
  readonly audit?: number;
  /** What travels is what was learned in a round, not what became of the replica. */
  readonly exchangesUpdates?: boolean;
  /**
   * The next replica, of the replica before the local steps and what the exchange made of `outgoing`;
   * `averaged` is 1 for every fragment that is an average.
   */
  incoming(before: Float32Array, exchanged: Float32Array, averaged?: Uint8Array): Float32Array;
  /** Where a rule remembers. */
  readonly memory?: RuleMemory;
}
