/** What who was refused can do, as far as the server's own sentence does not say it. */
import type { PeerOutcome } from "../shared/net/peer-events.ts";
import type { RoomAddress } from "./room-address.ts";

/** For the end of the sentence that says why; "" where there is nothing to add. */
export function refusalHint(outcome: PeerOutcome, address: RoomAddress, nowMs: number): string {
  if (outcome.kind !== "refused") return "";
  if (outcome.refusal.code === "finished") return modelHint(address);
  return outcome.refusal.code === "room" ? inviteHint(address, nowMs) : "";
}

/** An invite is not printed: who is refused may show this line to anybody. */
function modelHint({ server, room, invite }: RoomAddress): string {
  const where = invite === undefined ? `${server}/?room=${room}` : "its link";
  return `; to try or download its model, open ${where} in a browser`;
}

/**
 * A server answers the same for a room that is not there and for one that an invite does not open (any more);
 * but when an invite ends is written in it.
 */
function inviteHint({ invite }: RoomAddress, nowMs: number): string {
  if (invite === undefined) return "";
  const untilMs = Number.parseInt(invite.split(".")[1] ?? "", 36) * 1_000;
  // Revoked, or never one: the server's own sentence speaks of invites.
  if (!(untilMs <= nowMs)) return "";
  // What people type can be any number.
  const day = untilMs > 0 ? ` on ${new Date(untilMs).toISOString().slice(0, 10)}` : "";
  return `; its invite has ended${day}: ask for a new link`;
}
