/** The URL of a room, as people pass it on: `http://host:8080` (room "main") or `http://host:8080/join/ROOM`. */
import * as v from "valibot";
import { roomNameSchema } from "../shared/net/messages.ts";
import { usageError } from "./exit-codes.ts";

export const defaultRoom = "main";

export interface RoomAddress {
  /** Scheme, host and port: where the server is. */
  readonly server: string;
  readonly room: string;
}

const shape = "http://HOST:8080 or http://HOST:8080/join/ROOM";

/** @throws CommandError with one sentence. */
export function parseRoomAddress(given: string): RoomAddress {
  if (!URL.canParse(given)) throw malformed(given, /^\w[\w.-]*(:\d+)?(\/|$)/.test(given));
  const { protocol, origin, pathname, hostname } = new URL(given);
  if (protocol !== "http:" && protocol !== "https:") throw malformed(given, hostname === "");
  if (pathname === "/") return { server: origin, room: defaultRoom };
  const room = /^\/join\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (room === undefined) throw malformed(given, false);
  return { server: origin, room: checkRoomName(room) };
}

/** @throws CommandError with one sentence. */
export function checkRoomName(name: string): string {
  const parsed = v.safeParse(roomNameSchema, name);
  if (!parsed.success) throw usageError(`room (${name}): ${parsed.issues[0].message}`);
  return parsed.output;
}

function malformed(given: string, lacksScheme: boolean): Error {
  const hint = lacksScheme ? `did you mean http://${given}?` : `must be ${shape}`;
  return usageError(`URL (${given}): ${hint}`);
}
