/**
 * A peer's key in Node's own Ed25519. Whoever links up costs every member a signature and a check of one, between two
 * packets of a round: a quarter of a millisecond each, one to seven in plain JavaScript.
 */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { SigningKey } from "../shared/net/signing-key.ts";
import { peerIdOf } from "../shared/net/signing-key.ts";

/** What stands before the secret of an Ed25519 key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** The same id, key and signatures as `createSigningKey` has. @param secret 32 bytes that nobody can guess */
export function createOpensslSigningKey(secret: Uint8Array): SigningKey {
  const der = Buffer.concat([pkcs8Head, secret]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  return {
    peerId: peerIdOf(publicKey),
    key: publicKey.toString("hex"),
    sign: (words) => sign(null, Buffer.from(words), privateKey).toString("hex"),
    isSigned(words, by) {
      try {
        const x = Buffer.from(by.key, "hex").toString("base64url");
        const theirs = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
        return verify(null, Buffer.from(words), theirs, Buffer.from(by.signature, "hex"));
      } catch {
        return false; // whatever OpenSSL may not like of a stranger's bytes
      }
    },
  };
}
