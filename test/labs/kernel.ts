/**
 * The lab with real kernel drops: a network namespace per peer and one for the server, cabled to a bridge in
 * a namespace of its own, with no route out. Loss is iptables' on arrival, rate is `tc tbf`, delay a small
 * AF_PACKET bridge in place of the kernel's (`netem` is often missing). Root and Linux: `needsKernelLab`.
 * @example
 * const lab = await createKernelLab({ peers: 4 });
 * lab.drop(0.1);
 * const child = lab.spawn(2, process.execPath, ["dist/peer-node/shoal.js", "join", …]);
 * await lab.close();
 */
import type { ChildProcess } from "node:child_process";
import { createDatagramRules } from "./datagram-rules.ts";
import type { DatagramCounts } from "./datagram-rules.ts";
import { darken, lighten } from "./darkness.ts";
import type { Traffic } from "./darkness.ts";
import { createLabChildren } from "./lab-children.ts";
import type { LabSpawnOptions } from "./lab-children.ts";
import { linkCounts, shareLink } from "./link-classes.ts";
import type { LinkCounts, LinkPlan } from "./link-classes.ts";
import { addNamespace, commandIn, deleteNamespace, ipIn, nextLabName, sweepLeftovers } from "./netns.ts";
import { onExit } from "./on-exit.ts";
import { startDelayBridge, startKernelBridge } from "./switches.ts";
import type { Switch } from "./switches.ts";

/** A peer's number, 0-based, or the server. */
export type LabNode = number | "server";

export interface KernelLab {
  readonly peers: number;
  address(node: LabNode): string;
  /** For programs that somebody else starts. */
  namespace(node: LabNode): string;
  /** Every datagram that reaches a peer is dropped with this probability: each direction of a link loses it. */
  drop(probability: number): void;
  /** What every peer can send, or one of them; 0 lifts the limit. */
  rate(bytesPerSecond: number, peer?: number): void;
  /** Nothing passes between these two any more, silently, until the returned function is called. Not with `datagrams`. */
  sever(a: LabNode, b: LabNode, traffic: Traffic): () => void;
  /** A peer's machine leaves its network: it has no address, until the returned function gives it another one. */
  moveAway(peer: number): () => void;
  /** In place of `rate`: every peer's link carries learning and a web service; counters go to 0. */
  share(plan: LinkPlan): void;
  /** What left a peer since the last `share`. */
  linkCounts(peer: number): LinkCounts;
  /** One way, for every frame; 0 is the kernel's own bridge again. */
  delay(ms: number): Promise<void>;
  /** A process inside a node's namespace; killed when the lab closes. */
  spawn(node: LabNode, program: string, args: readonly string[], options?: LabSpawnOptions): ChildProcess;
  /** The kernel's own count of a peer's datagrams. */
  datagrams(peer: number): DatagramCounts;
  close(): Promise<void>;
}

export async function createKernelLab(options: { readonly peers: number }): Promise<KernelLab> {
  sweepLeftovers();
  const name = nextLabName();
  const hub = `${name}-hub`;
  const nodes: readonly LabNode[] = ["server", ...Array.from({ length: options.peers }, (_, peer) => peer)];
  const peers = nodes.filter((node) => node !== "server");
  const spaceOf = (node: LabNode) => `${name}-${node}`;
  const placeOf = (node: LabNode) => ({ space: spaceOf(node), address: addressOf(node) });
  const children = createLabChildren();
  const cleanUp = onExit(() => {
    children.killAll();
    for (const space of [...nodes.map(spaceOf), hub]) deleteNamespace(space);
  });

  let bridge: Switch | undefined;
  try {
    addNamespace(hub);
    for (const node of nodes) connect(spaceOf(node), node, nodes, hub);
    bridge = startKernelBridge(hub, nodes.map(portOf));
  } catch (error) {
    cleanUp();
    throw error;
  }
  const rules = peers.map((peer) => createDatagramRules(spaceOf(peer)));

  async function close(): Promise<void> {
    await children.end();
    await bridge?.stop();
    cleanUp();
  }

  return {
    peers: options.peers,
    address: addressOf,
    namespace: spaceOf,
    drop(probability) {
      for (const each of rules) each.drop(probability);
    },
    rate(bytesPerSecond, only) {
      for (const peer of only === undefined ? peers : [only]) limitRate(spaceOf(peer), bytesPerSecond);
    },
    sever(a, b, traffic) {
      const [one, other] = [placeOf(a), placeOf(b)];
      darken(one, other, traffic);
      return () => lighten(one, other, traffic);
    },
    moveAway(peer) {
      const space = spaceOf(peer);
      ipIn(space, [`addr del ${addressOf(peer)}/24 dev eth0`]);
      return () => {
        const elsewhere = `10.77.0.${hostOf(peer) + 100}`;
        const known = `neigh replace ${elsewhere} lladdr ${hardwareOf(peer)} dev eth0 nud permanent`;
        for (const other of nodes.filter((node) => node !== peer)) ipIn(spaceOf(other), [known]);
        ipIn(space, [`addr add ${elsewhere}/24 dev eth0`]);
      };
    },
    share(plan) {
      for (const peer of peers) shareLink(spaceOf(peer), plan);
    },
    linkCounts: (peer) => linkCounts(spaceOf(peer)),
    async delay(ms) {
      await bridge?.stop();
      const ports = nodes.map(portOf);
      for (const node of nodes) finishChecksums(spaceOf(node));
      bridge = ms === 0 ? startKernelBridge(hub, ports) : await startDelayBridge(hub, ports, ms);
    },
    spawn: (node, program, args, spawnOptions) => children.spawn(spaceOf(node), program, args, spawnOptions),
    datagrams(peer) {
      const found = rules[peer];
      if (!found) throw new Error(`no peer ${peer} in a lab of ${options.peers}`);
      return found.counts();
    },
    close,
  };
}

const portOf = (node: LabNode) => `to-${node}`;
const hostOf = (node: LabNode) => (node === "server" ? 1 : node + 2);
const addressOf = (node: LabNode) => `10.77.0.${hostOf(node)}`;
const hardwareOf = (node: LabNode) => `02:00:0a:4d:00:${hostOf(node).toString(16).padStart(2, "0")}`;

/**
 * A node's namespace and its cable to the hub. No IPv6 (`addrgenmode none`): it would go around the rules.
 * Neighbours are given, so that no first packet waits for ARP and the switch can be changed under way.
 */
function connect(space: string, node: LabNode, nodes: readonly LabNode[], hub: string): void {
  addNamespace(space);
  const others = nodes.filter((other) => other !== node);
  ipIn(hub, [
    `link add ${portOf(node)} type veth peer name eth0 netns ${space}`,
    `link set ${portOf(node)} addrgenmode none up`,
  ]);
  ipIn(space, [
    `link set eth0 address ${hardwareOf(node)}`,
    "link set eth0 addrgenmode none",
    `addr add ${addressOf(node)}/24 dev eth0`,
    "link set eth0 up",
    ...others.map((to) => `neigh replace ${addressOf(to)} lladdr ${hardwareOf(to)} dev eth0 nud permanent`),
  ]);
}

function limitRate(space: string, bytesPerSecond: number): void {
  const place = ["qdisc", bytesPerSecond > 0 ? "replace" : "del", "dev", "eth0", "root"];
  // A queue of 50 ms: what does not fit is dropped, like at a short router queue.
  const limit = ["tbf", "rate", `${Math.round(bytesPerSecond * 8)}bit`, "burst", "16kb", "latency", "50ms"];
  if (bytesPerSecond > 0) commandIn(space, "tc", [...place, ...limit]);
  else if (commandIn(space, "tc", ["qdisc", "show", "dev", "eth0"]).includes("tbf"))
    commandIn(space, "tc", place);
}

/** A frame that leaves the kernel half-way, through the delay bridge, has to be complete. */
function finishChecksums(space: string): void {
  commandIn(space, "ethtool", ["-K", "eth0", "tx", "off"]);
}
