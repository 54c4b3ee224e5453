/**
 * Who may know of a room, and who may come in. A room is open, by invite or closed; whoever may not know of
 * it gets the answer of a room that is not there.
 */
import type { IncomingHttpHeaders } from "node:http";
import { invitePurpose, longestToken, readToken } from "./invite-token.ts";

export const roomAccesses = ["open", "invite", "closed"] as const;
export type RoomAccess = (typeof roomAccesses)[number];

/** Ids of revoked invites, kept where a restart does not lose them. */
export interface Revocations {
  read(): readonly Revoked[];
  write(revoked: readonly Revoked[]): void;
}
export interface Revoked {
  readonly id: string;
  /** Unix time from which on it is worth nothing anyway. */
  readonly untilSeconds: number;
}

export interface GateOptions {
  /** Signs invites and commands; without one there are neither. */
  readonly key?: string | undefined;
  readonly access: Readonly<Record<string, RoomAccess>>;
  readonly revocations?: Revocations | undefined;
  readonly unixSeconds: () => number;
}

export interface Gate {
  readonly takesInvites: boolean;
  /** The id of an invite that holds. */
  idOf(room: string, invite: string | undefined): string | undefined;
  accessOf(room: string): RoomAccess;
  setAccess(room: string, access: RoomAccess): void;
  /** May know that the room is there, and what goes on in it. */
  mayLook(room: string, invite: string | undefined): boolean;
  /** May come in as somebody new; `invite` is the id of the invite that it took. */
  mayEnter(room: string, invite: string | undefined): { readonly invite?: string } | undefined;
  /** May come back, if it was in before with the same invite or without one: the closed room's own. */
  mayReturn(room: string, invite: string | undefined): boolean;
  /** From now on the invite is worth nothing. Its id; undefined where it is none of ours, or has ended. */
  revoke(token: string): string | undefined;
}

/** Far more than anybody revokes before they end by themselves. */
const maxRevoked = 10_000;

export function createGate({ key, access, revocations, unixSeconds }: GateOptions): Gate {
  const rooms = new Map(Object.entries(access));
  const revoked = new Map((revocations?.read() ?? []).map((one) => [one.id, one]));

  const accessOf = (room: string) => rooms.get(room) ?? "open";
  const read = (token: string | undefined) => readToken(key ?? "", invitePurpose, token, unixSeconds());

  function idOf(room: string, token: string | undefined): string | undefined {
    const found = read(token);
    const holds = key !== undefined && found?.room === room && !revoked.has(found.id);
    return holds ? found.id : undefined;
  }

  function mayLook(room: string, token: string | undefined): boolean {
    const id = idOf(room, token);
    return accessOf(room) === "open" || id !== undefined;
  }

  return {
    takesInvites: key !== undefined,
    idOf,
    accessOf,
    setAccess: (room, next) => void rooms.set(room, next),
    mayLook,
    mayEnter(room, token) {
      const id = idOf(room, token);
      if (accessOf(room) === "open") return {};
      return accessOf(room) === "invite" && id !== undefined ? { invite: id } : undefined;
    },
    mayReturn(room, token) {
      const id = idOf(room, token);
      return accessOf(room) === "closed" && (token === undefined || id !== undefined);
    },
    revoke(token) {
      const found = key === undefined ? undefined : read(token);
      if (!found) return undefined;
      const { id, untilSeconds } = found;
      for (const [old, { untilSeconds: end }] of revoked) if (end <= unixSeconds()) revoked.delete(old);
      if (revoked.size >= maxRevoked) throw new Error(`${maxRevoked} invites are revoked: take another key`);
      revoked.set(id, { id, untilSeconds });
      revocations?.write([...revoked.values()]);
      return id;
    },
  };
}

/** A browser that has shown its invite once keeps it in a cookie of this name (web-rooms.ts). */
export const cookieOf = (room: string) => `shoal-invite-${room}`;

/** The invite to `room` that a request shows: never in its address, which logs keep. */
export function inviteIn({ authorization, cookie }: IncomingHttpHeaders, room: string): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  const found = bearer ?? cookieNamed(cookieOf(room), cookie ?? "");
  return found === undefined || found.length > longestToken ? undefined : found;
}

function cookieNamed(name: string, cookies: string): string | undefined {
  for (const cookie of cookies.split(/; */))
    if (cookie.startsWith(`${name}=`)) return cookie.slice(name.length + 1);
  return undefined;
}
