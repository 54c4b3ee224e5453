/**
 * One link for two kinds of traffic: learning (UDP) and a web service (TCP, signaling with it). What leaves a
 * node goes through `htb`: either one queue for both, or one class each, where the web's is served first and
 * learning keeps no more than a share of the link while the web has something to send. iptables names the class
 * of a packet, since the kernel's own classifiers (`u32`, `fw`) are often missing.
 */
import { command, commandIn } from "./netns.ts";

export interface LinkPlan {
  /** Of everything that a node sends. */
  readonly bytesPerSecond: number;
  /** Of the web or, without classes, of both kinds: in packets. What does not fit is dropped. */
  readonly queue: number;
  /** Absent: both kinds wait in one queue, and nothing is preferred. */
  readonly learning?: {
    /** Of the link, and learning's own also when the web could use it. */
    readonly share: number;
    /** In packets. */
    readonly queue: number;
  };
}

interface Passed {
  readonly packets: number;
  readonly bytes: number;
  /** No room in the queue. */
  readonly dropped: number;
}

export interface LinkCounts {
  /** Without classes: of both kinds. */
  readonly learning: Passed;
  readonly web: Passed;
}

/** Also sets the counters to 0. */
export function shareLink(space: string, plan: LinkPlan): void {
  // Whole segments: a queue is counted in packets, and a TCP of the same machine hands over 64 kB at a time.
  commandIn(space, "ethtool", ["-K", "eth0", "tso", "off", "gso", "off"]);
  steer(space);
  if (commandIn(space, "tc", ["qdisc", "show", "dev", "eth0"]).includes("htb"))
    commandIn(space, "tc", ["qdisc", "del", "dev", "eth0", "root"]);
  const lines = ["qdisc add dev eth0 root handle 1: htb default 10", ...classes(plan)];
  command("ip", ["netns", "exec", space, "tc", "-batch", "-"], `${lines.join("\n")}\n`);
}

const [web, learning] = ["1:20", "1:10"];

/** Everything but TCP is learning's: `htb` puts what nobody named into its default class. */
function steer(space: string): void {
  const table = [
    "*mangle",
    ":POSTROUTING ACCEPT",
    `-A POSTROUTING -p tcp -j CLASSIFY --set-class ${web}`,
    "COMMIT",
  ];
  command("ip", ["netns", "exec", space, "iptables-restore"], `${table.join("\n")}\n`);
}

function classes({ bytesPerSecond, queue, learning: own }: LinkPlan): string[] {
  const line = (id: string, parent: string, share: number, prio: number) => {
    const rate = `rate ${Math.round(bytesPerSecond * share * 8)}bit ceil ${Math.round(bytesPerSecond * 8)}bit`;
    return `class add dev eth0 parent ${parent} classid ${id} htb ${rate} prio ${prio} quantum 1514 burst 3kb cburst 3kb`;
  };
  const fifo = (id: string, limit: number) =>
    `qdisc add dev eth0 parent ${id} handle ${id.slice(2)}: pfifo limit ${limit}`;
  const all = line("1:1", "1:", 1, 0);
  if (!own) return [all, line(learning, "1:1", 1, 0), fifo(learning, queue)];
  return [
    all,
    line(web, "1:1", 1 - own.share, 0),
    fifo(web, queue),
    line(learning, "1:1", own.share, 1),
    fifo(learning, own.queue),
  ];
}

export function linkCounts(space: string): LinkCounts {
  const text = commandIn(space, "tc", ["-s", "class", "show", "dev", "eth0"]);
  const of = (id: string): Passed => {
    const [, bytes = 0, packets = 0, dropped = 0] =
      new RegExp(`class htb ${id} [^]*?Sent (\\d+) bytes (\\d+) pkt \\(dropped (\\d+)`).exec(text) ?? [];
    return { packets: Number(packets), bytes: Number(bytes), dropped: Number(dropped) };
  };
  return { learning: of(learning), web: of(web) };
}
