/** Why training ends for a peer without being done, in one sentence each. */
import { maxMagnitude } from "../core/constants.ts";
import type { PeerOutcome } from "./peer-events.ts";

const failed = (reason: string, isDivergence = false): PeerOutcome => ({
  kind: "failed",
  diverged: isDivergence,
  reason,
});

export const deaf = failed(
  "nothing of the model has come from any member of the room for 60 s: they may be overloaded, or a firewall or a NAT is in the way; join again, or give the server a STUN server (shoal serve --ice-server)",
);

export const tooLateForGradients = failed("gradient averaging can't be joined once it runs");

/** What was learned in a round is no model any more: undefined while it is one. */
export function divergence(
  round: number,
  { loss, parameters }: { readonly loss: number; readonly parameters: Float32Array },
): PeerOutcome | undefined {
  if (!Number.isFinite(loss)) return diverged(`the loss of round ${round} is ${loss}`);
  // Others would take it for a lie and close the link.
  if (!isWithinLimits(parameters))
    return diverged(`after round ${round} the model has values beyond ${maxMagnitude}, which nobody accepts`);
  return undefined;
}

const diverged = (what: string) =>
  failed(`training diverged: ${what}; lower optimizer.learningRate in the task`, true);

function isWithinLimits(values: Float32Array): boolean {
  for (const value of values) if (!(Math.abs(value) <= maxMagnitude)) return false;
  return true;
}
