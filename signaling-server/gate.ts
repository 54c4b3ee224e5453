/**
 * Who may know of a room, and who may come in. A room is open, by invite or closed; whoever may not know of
 * it gets the answer of a room that is not there.
 */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { JoinRequest } from "../shared/net/messages.ts";
import { invitePurpose, longestToken, readToken, signToken } from "./invite-token.ts";
import type { SignedToken } from "./invite-token.ts";

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

/** Whether this room is one that somebody may know of. */
export type Sight = (room: string) => boolean;

export interface Gate {
  readonly takesInvites: boolean;
  /** The id of the invite that a peer came with, which may have ended while it was away. */
  idOf(room: string, invite: string | undefined): string | undefined;
  accessOf(room: string): RoomAccess;
  setAccess(room: string, access: RoomAccess): void;
  /** May know that the room is there, and what goes on in it. */
  mayLook(room: string, invite: string | undefined): boolean;
  /**
   * The same for all rooms, with the invites that these headers show: they are read here, once. Who shows none
   * that holds gets one and the same function.
   */
  sightOf(headers: IncomingHttpHeaders): Sight;
  /** May come in as somebody new; `invite` is the id of the invite that it took. */
  mayEnter(room: string, invite: string | undefined): { readonly invite?: string } | undefined;
  /**
   * For a peer that comes in: with it, it may come back for a week, even where its invite has ended meanwhile,
   * the room was closed, or the server began anew (with the same key).
   */
  passFor(returning: Returning): string;
  /** Was let in before, and its invite was not revoked. */
  mayReturn(returning: Returning): boolean;
  /** From now on the invite is worth nothing. Its id; undefined where it is none of ours, or has ended. */
  revoke(token: string): string | undefined;
  /** Writes down what was revoked, for the server's next start. @throws where that fails */
  keepRevoked(): void;
}

/** What a peer says that comes in, or comes back. */
export type Returning = Pick<JoinRequest, "room" | "peerId" | "pass" | "invite">;

const passSeconds = 7 * 86_400;
/** Far more than anybody revokes before they end by themselves. */
const maxRevoked = 10_000;
/** Invites that one request shows: as many as a server has rooms. */
const maxShown = 64;

export function createGate({ key, access, revocations, unixSeconds }: GateOptions): Gate {
  const rooms = new Map(Object.entries(access));
  const revoked = new Map((revocations?.read() ?? []).map((one) => [one.id, one]));

  const accessOf = (room: string) => rooms.get(room) ?? "open";
  /** Those that ended so long ago, too. */
  const read = (token: string | undefined, endedSeconds = 0) =>
    readToken(key ?? "", invitePurpose, token, unixSeconds() - endedSeconds);
  /** Without a creator's key passes hold until the server ends. */
  const passKey = key ?? randomBytes(32).toString("hex");
  const passPurpose = (peerId: string, inviteId = "") => `pass ${peerId} ${inviteId}`;

  function idOf(room: string, token: string | undefined, endedSeconds = passSeconds): string | undefined {
    const found = read(token, endedSeconds);
    const holds = key !== undefined && found?.room === room && !revoked.has(found.id);
    return holds ? found.id : undefined;
  }

  function mayLook(room: string, token: string | undefined): boolean {
    const id = idOf(room, token, 0);
    return accessOf(room) === "open" || id !== undefined;
  }

  const isOpen = (room: string) => accessOf(room) === "open";

  function sightOf(headers: IncomingHttpHeaders): Sight {
    const shown = new Map<string, SignedToken>();
    for (const token of key === undefined ? [] : invitesIn(headers)) {
      const invite = read(token);
      if (invite) shown.set(invite.room, invite);
    }
    if (shown.size === 0) return isOpen;
    return (room) => {
      const invite = shown.get(room);
      const holds = invite && invite.untilSeconds > unixSeconds() && !revoked.has(invite.id);
      return isOpen(room) || holds === true;
    };
  }

  return {
    takesInvites: key !== undefined,
    idOf: (room, token) => idOf(room, token),
    accessOf,
    setAccess: (room, next) => void rooms.set(room, next),
    mayLook,
    sightOf,
    mayEnter(room, token) {
      const id = idOf(room, token, 0);
      if (accessOf(room) === "open") return {};
      return accessOf(room) === "invite" && id !== undefined ? { invite: id } : undefined;
    },
    passFor({ room, peerId, invite }) {
      const purpose = passPurpose(peerId, read(invite, passSeconds)?.id);
      return signToken(passKey, purpose, { room, untilSeconds: unixSeconds() + passSeconds });
    },
    mayReturn({ room, peerId, invite, pass }) {
      const inviteId = read(invite, passSeconds)?.id;
      const found = readToken(passKey, passPurpose(peerId, inviteId), pass, unixSeconds());
      return found?.room === room && !revoked.has(inviteId ?? "");
    },
    revoke(token) {
      // Who came in with it may hold a pass that ends later.
      const found = key === undefined ? undefined : read(token, passSeconds);
      if (!found) return undefined;
      const { id, untilSeconds } = found;
      for (const [old, { untilSeconds: end }] of revoked)
        if (end + passSeconds <= unixSeconds()) revoked.delete(old);
      if (revoked.size >= maxRevoked) throw new Error(`${maxRevoked} invites are revoked: take another key`);
      revoked.set(id, { id, untilSeconds });
      return id;
    },
    keepRevoked: () => revocations?.write([...revoked.values()]),
  };
}

/** A browser that has shown its invite once keeps it in a cookie of this name (web-rooms.ts). */
export const cookieOf = (room: string) => `shoal-invite-${room}`;

/** The invite to `room` that a request shows: never in its address, which logs keep. */
export function inviteIn({ authorization, cookie }: IncomingHttpHeaders, room: string): string | undefined {
  const found = bearerIn(authorization) ?? cookiesFrom(`${cookieOf(room)}=`, cookie, 1)[0];
  return found === undefined || found.length > longestToken ? undefined : found;
}

/** All of them, of whatever rooms; the one in `Authorization` counts before a cookie. */
function invitesIn({ authorization, cookie }: IncomingHttpHeaders): readonly string[] {
  const cookies = cookiesFrom(cookieOf(""), cookie, maxShown).map((it) => it.slice(it.indexOf("=") + 1));
  return [...cookies, bearerIn(authorization) ?? ""].filter(({ length }) => length <= longestToken);
}

const bearerIn = (authorization = "") => /^Bearer (\S+)$/i.exec(authorization)?.[1];

/** What follows `beginning` in cookies that begin so. A header of nothing but semicolons costs no more than another. */
function cookiesFrom(beginning: string, cookies = "", most: number): string[] {
  const found: string[] = [];
  for (let at = cookies.indexOf(beginning); at >= 0 && found.length < most;) {
    const end = cookies.indexOf(";", at);
    const isWhole = at === 0 || "; ".includes(cookies.charAt(at - 1));
    if (isWhole) found.push(cookies.slice(at + beginning.length, end < 0 ? undefined : end));
    at = end < 0 ? -1 : cookies.indexOf(beginning, end);
  }
  return found;
}
