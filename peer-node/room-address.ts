/** The URL of a room, as people pass it on: `http://host:8080` (room "main") or `http://host:8080/join/ROOM`. */
import * as v from "valibot";
import { roomNameSchema } from "../shared/net/messages.ts";
import { usageError } from "./exit-codes.ts";

export const defaultRoom = "main";

export interface RoomAddress {
  /** Scheme, host and port: where the server is. */
  readonly server: string;
  readonly room: string;
  /** Of the part after #, which browsers and we never send in an address. */
  readonly invite?: string;
}

const shape = "http://HOST:8080 or http://HOST:8080/join/ROOM";

/** @throws CommandError with one sentence. */
export function parseRoomAddress(given: string): RoomAddress {
  if (!URL.canParse(given)) throw malformed(given, /^\w[\w.-]*(:\d+)?(\/|$)/.test(given));
  const { protocol, origin, pathname, hostname, hash } = new URL(given);
  if (protocol !== "http:" && protocol !== "https:") throw malformed(given, hostname === "");
  if (pathname === "/") return { server: origin, room: defaultRoom, ...inviteOf(hash) };
  const room = /^\/join\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (room === undefined) throw malformed(given, false);
  return { server: origin, room: checkRoomName(room), ...inviteOf(hash) };
}

function inviteOf(hash: string): { readonly invite?: string } {
  const [, invite] = /^#invite=(.*)$/.exec(hash) ?? [];
  return invite === undefined ? {} : { invite };
}

/** @throws CommandError with one sentence. */
export function checkRoomName(name: string): string {
  const parsed = v.safeParse(roomNameSchema, name);
  if (!parsed.success) throw usageError(`room (${name}): ${parsed.issues[0].message}`);
  return parsed.output;
}

/** Errors end up in logs; an invite is a secret. */
export const withoutInvite = (link: string) => link.replace(/#.*/s, "#…");

function malformed(given: string, lacksScheme: boolean): Error {
  const hint = lacksScheme ? `did you mean http://${withoutInvite(given)}?` : `must be ${shape}`;
  return usageError(`URL (${withoutInvite(given)}): ${hint}`);
}
