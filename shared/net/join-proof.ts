/**
 * A peer id is made from a key (signing-key.ts). In `join` a peer proves that it holds it: it signs the id of its
 * socket, which the server has just made up, so that a proof is worth nothing on any other socket.
 */
import type { JoinRequest } from "./messages.ts";
import type { SigningKey } from "./signing-key.ts";

export type JoinProof = NonNullable<JoinRequest["proof"]>;
type Joining = Pick<JoinRequest, "room" | "peerId">;

/** JSON, so that no field can run into the next. */
export function joinWords({ room, peerId }: Joining, socketId: string): string {
  return JSON.stringify(["shoal join", room, peerId, socketId]);
}

export function proveJoin(signingKey: SigningKey, joining: Joining, socketId: string): JoinProof {
  return { key: signingKey.key, signature: signingKey.sign(joinWords(joining, socketId)) };
}
