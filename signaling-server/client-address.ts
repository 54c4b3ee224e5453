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

/** An IPv6 address with an IPv4 one in it, in brackets, and a port. */
const longestWithPort = 45 + "[]:65535".length;
/** Some proxies write "192.0.2.7:4711" and "[2001:db8::7]:4711", and every connection has another port. */
const withPort = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d+)?$/i;

const withoutPort = (address: string) => {
  const [, v6, v4] = withPort.exec(address) ?? [];
  return v6 ?? v4 ?? address;
};

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
    .slice(0, longestWithPort);
  return networkOf(forwarded && thisMachine.test(direct) ? withoutPort(forwarded) : direct);
}

/** A home has 2^64 addresses of IPv6. */
export function networkOf(address: string): string {
  if (address === "::1") return "127.0.0.1";
  if (!address.includes(":") || address.startsWith("::ffff:")) return address.replace("::ffff:", "");
  const [beforeZeros = ""] = address.split("::");
  return [...beforeZeros.split(":"), "0", "0", "0", "0"].slice(0, 4).join(":");
}
