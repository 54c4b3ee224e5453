/**
 * Invites: `ROOM.EXPIRY.ID.MAC`, where MAC is an HMAC-SHA256 of the rest under the creator's key. Whoever has
 * the key makes them without asking the server, the server stores none, and a restart changes nothing. The
 * same shape signs a creator's commands (creator-commands.ts), for another purpose: neither passes for the other.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface SignedToken {
  /** The room that it is for. */
  readonly room: string;
  /** Unix time after which it is worth nothing. */
  readonly untilSeconds: number;
  /** What it is revoked by. */
  readonly id: string;
}

const shape = /^([a-z0-9][a-z0-9-]{0,47})\.([0-9a-z]{1,9})\.([\w-]{12})\.([\w-]{43})$/;
export const longestToken = 48 + 9 + 12 + 43 + 3;

/** @param purpose what else it is good for is nothing */
export function signToken(
  key: string,
  purpose: string,
  { room, untilSeconds }: Pick<SignedToken, "room" | "untilSeconds">,
): string {
  const words = `${room}.${Math.floor(untilSeconds).toString(36)}.${randomBytes(9).toString("base64url")}`;
  return `${words}.${macOf(key, purpose, words)}`;
}

/**
 * What `token` says, if it was signed with `key` for `purpose` and still holds. The same work is done for
 * every answer but the right one, so that the time it takes tells nothing.
 */
export function readToken(
  key: string,
  purpose: string,
  token: string | undefined,
  nowSeconds: number,
): SignedToken | undefined {
  const [, room = "", until = "", id = "", mac = ""] = shape.exec(token ?? "") ?? [];
  const right = Buffer.from(macOf(key, purpose, `${room}.${until}.${id}`));
  const given = Buffer.alloc(right.length);
  given.write(mac);
  const untilSeconds = Number.parseInt(until, 36);
  const holds = timingSafeEqual(right, given) && untilSeconds > nowSeconds;
  return holds ? { room, untilSeconds, id } : undefined;
}

function macOf(key: string, purpose: string, words: string): string {
  return createHmac("sha256", key).update(`shoal ${purpose}\n${words}`).digest("base64url");
}

export const invitePurpose = "invite";
