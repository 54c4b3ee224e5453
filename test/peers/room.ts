/** A real server and real peers of one process, over any kind of link. */
import { after } from "node:test";
import type { TestContext } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { RoundResult } from "../../shared/core/round.ts";
import { parseTask } from "../../shared/core/task.ts";
import type { Task } from "../../shared/core/task.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createPeer } from "../../shared/net/peer.ts";
import type { PeerEvent, PeerOutcome } from "../../shared/net/peer-events.ts";
import type { Peer } from "../../shared/net/peer.ts";
import type { Signaling } from "../../shared/net/messages.ts";
import type { SealedSignal } from "../../shared/net/seals.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { cleanup, createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { connectSignaling } from "../../peer-node/signaling-client.ts";
import { createSignalingServer } from "../../signaling-server/server.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { realClock, within } from "../labs/real-time.ts";
import { createToyTrainer } from "./toy-trainer.ts";

/** A connection that is closed while it comes to be keeps the process alive now and then. */
after(() => cleanup());

export interface TestPeer {
  readonly peer: Peer;
  readonly peerId: string;
  readonly events: PeerEvent[];
  /** Results of finished rounds, in order. */
  readonly results: RoundResult[];
  readonly outcome: Promise<PeerOutcome>;
  /** Resolves when `done` holds after some event; rejects after `ms`. */
  until(what: string, done: () => boolean, ms?: number): Promise<void>;
}

export function toyTask(more: Partial<Task> = {}): Task {
  return parseTask({
    name: "toy",
    model: { kind: "mlp", hidden: [24] },
    data: { kind: "glyphs", samplesPerShard: 512, validationSamples: 500, seed: 1 },
    optimizer: { kind: "sgd", learningRate: 0.1 },
    batch: 16,
    work: { samplesPerRound: 64 },
    seed: 1,
    rounds: 100_000,
    ...more,
  });
}

function relayedBy(onTheWay: Relay, signaling: Signaling): Signaling {
  return {
    ...signaling,
    on: (handlers) =>
      signaling.on({
        ...handlers,
        signal: (message) => handlers.signal({ ...message, data: onTheWay(message.data) }),
      }),
  };
}

export interface TestRoom {
  readonly server: SignalingServer;
  closeServer(): Promise<void>;
  add(number: number, createLink?: CreateLink, port?: number): Promise<TestPeer>;
}

/** @param onTheWay what a dishonest server makes of the signals that reach a peer */
export async function openRoom(
  t: TestContext,
  task: Task,
  port = 0,
  onTheWay: Relay = (signal) => signal,
): Promise<TestRoom> {
  const server = await createSignalingServer({ tasks: { main: task }, host: "127.0.0.1", port });
  const running: TestPeer[] = [];
  let isClosed = false;
  async function closeServer(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await server.close();
  }
  t.after(async () => {
    for (const { peer } of running) peer.stop();
    await within(20_000, "peers end", Promise.all(running.map(({ outcome }) => outcome)));
    await closeServer();
  });
  return {
    server,
    closeServer,
    async add(number, createLink = createNodeDatachannelLink, through = server.port) {
      const peer = await startPeer(`http://127.0.0.1:${through}`, number, createLink, onTheWay);
      running.push(peer);
      return peer;
    },
  };
}

type Relay = (signal: SealedSignal) => SealedSignal;

async function startPeer(
  url: string,
  number: number,
  createLink: CreateLink,
  onTheWay: Relay,
): Promise<TestPeer> {
  const events: PeerEvent[] = [];
  const results: RoundResult[] = [];
  const watchers = new Set<() => void>();
  const signingKey = createSigningKey(new Uint8Array(32).fill(number));
  const { peerId } = signingKey;
  const peer = createPeer({
    signingKey,
    identity: { peerId, name: `peer ${number}`, kind: "node", backend: "toy" },
    room: "main",
    signaling: relayedBy(onTheWay, await connectSignaling(url, { signingKey })),
    createLink,
    startTrainer: (task, shard) => Promise.resolve(createToyTrainer(task, shard)),
    clock: realClock,
    rng: createRng(number),
    onEvent(event) {
      if (event.kind === "round") results.push(event.result);
      else events.push(event);
      for (const watch of watchers) watch();
    },
  });
  const outcome = peer.run();
  function until(what: string, done: () => boolean, ms = 60_000): Promise<void> {
    const happened = new Promise<void>((resolve) => {
      const watch = () => {
        if (!done()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
    return within(ms, `peer ${number}: ${what}`, happened);
  }
  return { peer, peerId, events, results, outcome, until };
}
