/** Why training ends for a peer without being done, in one sentence each. */
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

export function divergence(round: number, loss: number): PeerOutcome {
  return failed(
    `training diverged: the loss of round ${round} is ${loss}; lower optimizer.learningRate in the task`,
    true,
  );
}
