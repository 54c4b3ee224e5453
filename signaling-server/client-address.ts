/** Whom a request is counted for. In memory while it is answered; never written down. */
import type { IncomingHttpHeaders } from "node:http";

interface Addressed {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

const thisMachine = /^(?:::ffff:)?127\.|^::1$/;
/** Of a program beside the server. */
export const isThisMachine = (address: string) => thisMachine.test(address);

/** Where a proxy on this machine comes from. */
export const isProxy = (address: string) => address === "127.0.0.1";

const longestAddress = 45;

/**
 * The address that it comes from, of IPv6 the network; of a proxy on this machine, the address that the
 * proxy adds to `X-Forwarded-For` (the last: what stands before it, the client may have written).
 */
export function clientOf({ socket, headers }: Addressed): string {
  const direct = socket.remoteAddress ?? "";
  const forwarded = String(headers["x-forwarded-for"] ?? "")
    .split(",")
    .at(-1)
    ?.trim()
    .slice(0, longestAddress);
  return networkOf(forwarded && thisMachine.test(direct) ? forwarded : direct);
}

/** A home has 2^64 addresses of IPv6. */
export function networkOf(address: string): string {
  if (address === "::1") return "127.0.0.1";
  if (!address.includes(":") || address.startsWith("::ffff:")) return address.replace("::ffff:", "");
  const [beforeZeros = ""] = address.split("::");
  return [...beforeZeros.split(":"), "0", "0", "0", "0"].slice(0, 4).join(":");
}
