/**
 * TURN credentials that end by themselves, the way coturn checks them (`use-auth-secret`, the "TURN REST
 * API"): the user name says until when, the password is an HMAC of it under a secret that only we and the
 * TURN server have. Nothing is stored, and who copies them can relay no longer than that.
 */
import { createHmac } from "node:crypto";
import { lacksCredentials, withCredentials } from "../shared/net/ice-server.ts";

/** A peer that joins again gets new ones; one that stays for longer keeps the connections it has. */
const lifetimeSeconds = 12 * 3_600;

export interface TurnOptions {
  readonly iceServers: readonly string[];
  /** coturn's `static-auth-secret`; without one servers are handed out as they are. */
  readonly secret?: string | undefined;
  readonly unixSeconds: () => number;
}

/** How to make one peer's list; its id is in the user name, so that coturn can hold each to a quota. */
export function createIceServers(options: TurnOptions): (peerId: string) => readonly string[] {
  const { iceServers, secret, unixSeconds } = options;
  if (secret === undefined) return () => iceServers;
  return (peerId) => {
    const username = `${Math.floor(unixSeconds()) + lifetimeSeconds}:${peerId.slice(0, 16)}`;
    const credential = createHmac("sha1", secret).update(username).digest("base64");
    return iceServers.map((server) =>
      lacksCredentials(server) ? withCredentials(server, username, credential) : server,
    );
  };
}
