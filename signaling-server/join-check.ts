/** Whether who joins holds the key of its peer id. By Node's own Ed25519: a tenth of the time in plain JavaScript. */
import { createPublicKey, verify } from "node:crypto";
import { joinWords } from "../shared/net/join-proof.ts";
import type { JoinRequest } from "../shared/net/messages.ts";
import { isKeyOf } from "../shared/net/signing-key.ts";

/** Never throws. @param request one with a proof; without one nothing is proven */
export function isProven({ proof, ...joining }: JoinRequest, socketId: string): boolean {
  if (!proof || !isKeyOf(joining.peerId, proof.key)) return false;
  try {
    // As JWK: to find out what a DER text is takes OpenSSL as long as the check.
    const x = Buffer.from(proof.key, "hex").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const words = Buffer.from(joinWords(joining, socketId));
    return verify(null, words, key, Buffer.from(proof.signature, "hex"));
  } catch {
    return false; // whatever OpenSSL may not like of a stranger's bytes
  }
}
