/** Whether who joins holds the key of its peer id. By Node's own Ed25519: a tenth of the time in plain JavaScript. */
import { createPublicKey, verify } from "node:crypto";
import { joinWords } from "../shared/net/join-proof.ts";
import type { JoinRequest } from "../shared/net/messages.ts";
import { isKeyOf } from "../shared/net/signing-key.ts";

/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const keyHeader = Buffer.from("302a300506032b6570032100", "hex");

/** Never throws. @param request one with a proof; without one nothing is proven */
export function isProven({ proof, ...joining }: JoinRequest, socketId: string): boolean {
  if (!proof || !isKeyOf(joining.peerId, proof.key)) return false;
  try {
    const der = Buffer.concat([keyHeader, Buffer.from(proof.key, "hex")]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    const words = Buffer.from(joinWords(joining, socketId));
    return verify(null, words, key, Buffer.from(proof.signature, "hex"));
  } catch {
    return false; // no point of the curve
  }
}
