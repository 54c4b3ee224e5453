/**
 * Paths between two nodes of the kernel lab on which nothing arrives any more, silently: no reset, no "host
 * unreachable", as behind a cable that was pulled or a NAT that forgot. It lasts until it is lifted.
 */
import { commandIn } from "./netns.ts";

export interface Place {
  readonly space: string;
  readonly address: string;
}

/** `udp`: links only; a server is reached by TCP. */
export type Traffic = "udp" | "all";

export function darken(a: Place, b: Place, traffic: Traffic): void {
  drop("-I", a, b, traffic);
}

/** What was darkened, exactly. */
export function lighten(a: Place, b: Place, traffic: Traffic): void {
  drop("-D", a, b, traffic);
}

/** On arrival, at both ends. */
function drop(action: "-I" | "-D", a: Place, b: Place, traffic: Traffic): void {
  const what = traffic === "udp" ? ["-p", "udp"] : [];
  for (const [at, from] of [
    [a, b],
    [b, a],
  ] as const)
    commandIn(at.space, "iptables", [action, "INPUT", "-s", from.address, ...what, "-j", "DROP"]);
}
