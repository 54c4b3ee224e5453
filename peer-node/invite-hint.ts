/**
 * What a refused invite may be about. A server answers the same for a room that is not there and for one that
 * an invite does not open (any more); but when an invite ends is written in it.
 */
import type { PeerOutcome } from "../shared/net/peer-events.ts";

/** For the end of the sentence that says why; "" where the invite itself does not say more. */
export function inviteHint(outcome: PeerOutcome, invite: string | undefined, nowMs: number): string {
  if (invite === undefined || outcome.kind !== "refused" || outcome.refusal.code !== "room") return "";
  const untilMs = Number.parseInt(invite.split(".")[1] ?? "", 36) * 1_000;
  // Revoked, or never one: the server's own sentence speaks of invites.
  if (!(untilMs <= nowMs)) return "";
  // What people type can be any number.
  const day = untilMs > 0 ? ` on ${new Date(untilMs).toISOString().slice(0, 10)}` : "";
  return `; its invite has ended${day}: ask for a new link`;
}
