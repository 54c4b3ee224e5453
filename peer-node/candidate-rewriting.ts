/** Finds the addresses in another side's signals and replaces them; what has no replacement is left out. */
import type { Signal } from "../shared/net/link.ts";
import type { Address } from "./udp-relay.ts";

/** Gives the address to use instead, or undefined to leave the candidate out. */
export type Replace = (remote: Address) => Promise<Address | undefined>;

const candidatePattern = /^((?:a=)?candidate:\S+ \d+ udp \d+) (\S+) (\d+) (typ .*)$/i;
const ipv4Pattern = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The signal with other addresses, or undefined when nothing of it is left. */
export async function rewriteSignal(signal: Signal, replace: Replace): Promise<Signal | undefined> {
  if (signal.type !== "candidate") return { ...signal, sdp: await rewriteSdp(signal.sdp, replace) };
  const candidate = await rewriteCandidate(signal.candidate.candidate, replace);
  if (candidate === undefined) return undefined;
  return { type: "candidate", candidate: { ...signal.candidate, candidate } };
}

async function rewriteSdp(sdp: string, replace: Replace): Promise<string> {
  const lines: string[] = [];
  for (const line of sdp.split("\r\n")) {
    const kept = line.startsWith("a=candidate:") ? await rewriteCandidate(line, replace) : line;
    if (kept !== undefined) lines.push(kept);
  }
  return lines.join("\r\n");
}

/** IPv6, TCP and mDNS names have no replacement: a path around the proxy would lose nothing. */
async function rewriteCandidate(line: string, replace: Replace): Promise<string | undefined> {
  const match = candidatePattern.exec(line);
  if (!match) return undefined;
  const [, before = "", address = "", port = "", after = ""] = match;
  if (!ipv4Pattern.test(address)) return undefined;
  const instead = await replace({ address, port: Number(port) });
  return instead && `${before} ${instead.address} ${instead.port} ${after}`;
}
