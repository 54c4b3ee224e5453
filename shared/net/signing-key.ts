/**
 * A peer's own key (Ed25519), and the peer id that is made from it: whoever shows a key that gives the id, and
 * signs with it, is that peer. In plain JavaScript for tabs: `crypto.subtle` is missing from pages on plain HTTP, and
 * answers later, while signals are to be taken in their order. Programs have peer-node/openssl-signing-key.ts.
 */
import { getPublicKey, hashes, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

hashes.sha512 = sha512;

export interface SigningKey {
  /** 32 hex digits: the first 16 bytes of the public key's SHA-512. */
  readonly peerId: string;
  /** The public key, 64 hex digits. */
  readonly key: string;
  /** 128 hex digits. */
  sign(words: string): string;
  /** Whether the owner of `by.key`, whoever that is, has signed these words. Never throws, whatever a stranger calls a key. */
  isSigned(words: string, by: { readonly key: string; readonly signature: string }): boolean;
}

/** @param secret 32 bytes that nobody can guess */
export function createSigningKey(secret: Uint8Array): SigningKey {
  const publicKey = getPublicKey(secret);
  return {
    peerId: peerIdOf(publicKey),
    key: toHex(publicKey),
    sign: (words) => toHex(sign(toBytes(words), secret)),
    isSigned(words, by) {
      try {
        return verify(fromHex(by.signature), toBytes(words), fromHex(by.key));
      } catch {
        return false; // no point of the curve
      }
    },
  };
}

/** Whether `key` is that of the peer. */
export function isKeyOf(peerId: string, key: string): boolean {
  return key.length === 64 && peerIdOf(fromHex(key)) === peerId;
}

const idBytes = 16;

/** @param publicKey 32 bytes */
export function peerIdOf(publicKey: Uint8Array): string {
  return toHex(sha512(publicKey).subarray(0, idBytes));
}

function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is no hex digit becomes 0: no signature is right by that. */
function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
