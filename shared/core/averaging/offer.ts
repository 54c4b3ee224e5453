/** What a peer takes into an averaging, of its replica before and after the local steps. */
import type { AveragingRule, Turn } from "./rule.ts";

export interface Offer {
  readonly outgoing: Float32Array;
  /** What stands where no average arrives, if that is not `outgoing`. */
  readonly kept: Float32Array | undefined;
}

/** Without a turn (we are no member then) there is nothing to remember, and the rule is not asked. */
export function offerOf(
  rule: AveragingRule,
  turn: Turn | undefined,
  before: Float32Array,
  after: Float32Array,
): Offer {
  if (!turn) return { outgoing: after, kept: undefined };
  rule.enter?.(turn, before);
  return { outgoing: rule.outgoing(before, after), kept: rule.kept?.(before, after) };
}
