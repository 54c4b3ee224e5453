/**
 * Loss on arrival and the kernel's own counters of one namespace. Datagrams large enough to carry a whole
 * fragment are counted apart: what leaves more often than it was handed over was sent twice.
 */
import { command, commandIn } from "./netns.ts";

/** Since the rules were made: neither a peer's first round nor its last one is outside the count. */
export interface DatagramCounts {
  /** Let in and dropped on arrival. */
  readonly passed: number;
  readonly dropped: number;
  /** The same, of fragment size only. */
  readonly largePassed: number;
  readonly largeDropped: number;
  /** Of fragment size, that arrived while there was a probability to drop it. */
  readonly largeAtRisk: number;
  /** Of fragment size, sent. */
  readonly largeSent: number;
}

export interface DatagramRules {
  drop(probability: number): void;
  counts(): DatagramCounts;
}

/** A full fragment in SCTP, DTLS, UDP and IPv4 is about 1,230 bytes; whatever else a link says is far smaller. */
const large = "-m length --length 1200:65535";

const counters = [
  ":INPUT ACCEPT",
  ":OUTPUT ACCEPT",
  ":WEATHER -",
  ":RISK -",
  ":LOSE -",
  "-A INPUT -p udp -j WEATHER",
  `-A INPUT -p udp ${large} -j ACCEPT`,
  "-A INPUT -p udp -j ACCEPT",
  `-A OUTPUT -p udp ${large} -j ACCEPT`,
  `-A RISK -p udp ${large}`,
  `-A LOSE -p udp ${large} -j DROP`,
  "-A LOSE -p udp -j DROP",
];

export function createDatagramRules(namespace: string): DatagramRules {
  /** A table as a whole, so that there is no moment with half the rules. */
  function restore(rules: readonly string[], ...options: readonly string[]): void {
    const table = ["*filter", ...rules, "COMMIT", ""].join("\n");
    command("ip", ["netns", "exec", namespace, "iptables-restore", ...options], table);
  }
  restore(counters);

  /** Only the chain that is named here begins anew, and nothing in it is counted. */
  function drop(probability: number): void {
    const lose = `-A WEATHER -p udp -m statistic --mode random --probability ${probability} -j LOSE`;
    const rules = probability > 0 ? ["-A WEATHER -j RISK", lose] : [];
    restore([":WEATHER -", ...rules], "--noflush");
  }

  function counts(): DatagramCounts {
    const rules = commandIn(namespace, "iptables-save", ["-c", "-t", "filter"]).split("\n");
    const packets = (chain: string, isLarge: boolean) => {
      const counting = rules.find(
        (rule) =>
          rule.includes(` -A ${chain} `) &&
          rule.includes("--length") === isLarge &&
          !rule.includes("WEATHER"),
      );
      return Number(/^\[(\d+):/.exec(counting ?? "")?.[1] ?? 0);
    };
    const largePassed = packets("INPUT", true);
    const largeDropped = packets("LOSE", true);
    return {
      passed: largePassed + packets("INPUT", false),
      dropped: largeDropped + packets("LOSE", false),
      largePassed,
      largeDropped,
      largeAtRisk: packets("RISK", true),
      largeSent: packets("OUTPUT", true),
    };
  }

  return { drop, counts };
}
