/**
 * Loss on arrival and the kernel's own counters of one namespace. Datagrams large enough to carry a whole
 * fragment are counted apart: what leaves more often than it was handed over was sent twice.
 */
import { command, commandIn } from "./netns.ts";

export interface DatagramCounts {
  /** Let in and dropped on arrival. */
  readonly passed: number;
  readonly dropped: number;
  /** The same, of fragment size only. */
  readonly largePassed: number;
  readonly largeDropped: number;
  /** Of fragment size, sent. */
  readonly largeSent: number;
}

export interface DatagramRules {
  /** Also sets the counters to 0. */
  drop(probability: number): void;
  counts(): DatagramCounts;
}

/** A full fragment in SCTP, DTLS, UDP and IPv4 is about 1,230 bytes; whatever else a link says is far smaller. */
const large = "-m length --length 1200:65535";

export function createDatagramRules(namespace: string): DatagramRules {
  /** As a whole, so that there is no moment with half the rules. */
  function drop(probability: number): void {
    const lose = `-A INPUT -p udp -m statistic --mode random --probability ${probability} -j LOSE`;
    const table = [
      "*filter",
      ":INPUT ACCEPT",
      ":OUTPUT ACCEPT",
      ":LOSE -",
      ...(probability > 0 ? [lose] : []),
      `-A INPUT -p udp ${large} -j ACCEPT`,
      "-A INPUT -p udp -j ACCEPT",
      `-A OUTPUT -p udp ${large} -j ACCEPT`,
      `-A LOSE -p udp ${large} -j DROP`,
      "-A LOSE -p udp -j DROP",
      "COMMIT",
    ];
    command("ip", ["netns", "exec", namespace, "iptables-restore"], `${table.join("\n")}\n`);
  }

  function counts(): DatagramCounts {
    const rules = commandIn(namespace, "iptables-save", ["-c", "-t", "filter"]).split("\n");
    const packets = (chain: string, isLarge: boolean) => {
      const counting = rules.find(
        (rule) =>
          rule.includes(` -A ${chain} `) &&
          rule.includes("--length") === isLarge &&
          !rule.includes("statistic"),
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
      largeSent: packets("OUTPUT", true),
    };
  }

  return { drop, counts };
}
