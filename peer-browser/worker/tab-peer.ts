/**
 * The tab's peer: the same loop as in Node (shared/net/peer.ts) with a worker's clock, links whose
 * connections live on the page, and a trainer in a worker of its own.
 */
import { createRng } from "../../shared/core/rng.ts";
import { withLanes } from "../../shared/net/lanes.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createPeer } from "../../shared/net/peer.ts";
import type { Peer } from "../../shared/net/peer.ts";
import type { PeerEvent } from "../../shared/net/peer-events.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { connectSignaling } from "../../shared/net/signaling-client.ts";
import type { SignalingClient } from "../../shared/net/signaling-client.ts";
import { createWorkerLinks } from "../links/worker-links.ts";
import type { Power, TabCommand, TabNews } from "../tab-messages.ts";
import type { BackendReport } from "../../shared/training/backend-report.ts";
import { startTabTrainer } from "../trainer/start-trainer.ts";
import { tabClock } from "./tab-clock.ts";
import { brokeDown, ended, unreachable } from "./tab-end.ts";
import type { Ended } from "./tab-end.ts";
import { tabStatus } from "./tab-status.ts";

type Start = Extract<TabCommand, { type: "start" }>;

const statusEveryMs = 250;

const shares: Readonly<Record<Power, number>> = { light: 0.25, medium: 0.5, full: 1 };

export interface TabPeer {
  take(command: Exclude<TabCommand, { type: "start" }>): void;
}

/** What the tab computes with is known only when its trainer runs. */
const backendBefore = "choosing …";

/** @param createLink what carries the packets; tests hand in one that loses them. */
export function startTabPeer(
  start: Start,
  tell: (news: TabNews) => void,
  createLink: CreateLink = createWorkerLinks(start.links),
): TabPeer {
  let peer: Peer | undefined;
  let signaling: SignalingClient | undefined;
  let backend: BackendReport | null = null;
  /** The peer knows it when a trainer runs, which takes seconds: the page says meanwhile that it was let in. */
  let rounds = 0;
  /** Said before there was a peer to hear it. */
  let power = start.power;
  let isPaused = false;
  let isGone = false;

  async function run(): Promise<Ended> {
    const signingKey = createSigningKey(crypto.getRandomValues(new Uint8Array(32)));
    const connected = await connectSignaling(start.server, { signingKey });
    if (!connected.ok) return unreachable();
    signaling = connected.signaling;
    if (isGone) {
      signaling.close();
      return ended({ kind: "stopped" });
    }
    peer = createPeer({
      identity: { peerId: signingKey.peerId, name: start.name, kind: "browser", backend: backendBefore },
      signingKey,
      room: start.room,
      signaling,
      createLink: withLanes(createLink),
      startTrainer,
      clock: tabClock,
      rng: createRng(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0),
      onEvent,
    });
    peer.setShare(shares[power]);
    if (isPaused) peer.pause();
    const cancel = every(statusEveryMs, report);
    const outcome = await peer.run();
    cancel();
    report();
    return ended(outcome);
  }

  async function startTrainer(task: Parameters<typeof startTabTrainer>[0], shard: number) {
    rounds = task.rounds;
    const started = await startTabTrainer(task, shard, {
      processor: start.processor,
      onLost(was, why, next) {
        backend = next;
        tell({ type: "backend-lost", was, why });
      },
    });
    backend = started.report;
    return started.trainer;
  }

  function report(): void {
    if (peer) tell({ type: "status", status: tabStatus(peer.snapshot(), rounds, backend) });
  }

  function onEvent(event: PeerEvent): void {
    if (event.kind === "notice") tell({ type: "notice", text: event.text });
  }

  // Nobody hears a rejection in a worker: the page would go on showing a run.
  void run().then(tell, (error: unknown) => tell(brokeDown(error)));

  return {
    take(command) {
      switch (command.type) {
        case "pause":
          isPaused = true;
          return peer?.pause();
        case "resume":
          isPaused = false;
          return peer?.resume();
        case "power":
          power = command.power;
          return peer?.setShare(shares[power]);
        case "stop":
          isGone = true;
          return peer?.stop();
        case "goodbye":
          isGone = true;
          return peer?.leaveNow();
        case "network":
          if (command.isOnline) signaling?.hurry();
      }
    },
  };
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}
