/**
 * A real peer of this process in a room of others: it trains like any other, and its replica after every
 * round can be looked at, which no process would show.
 */
import { randomBytes } from "node:crypto";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { connectSignaling } from "../../peer-node/signaling-client.ts";
import { startTrainerThread } from "./trainer-thread.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { RoundResult } from "../../shared/core/round.ts";
import type { Task } from "../../shared/core/task.ts";
import { createPeer } from "../../shared/net/peer.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { realClock, within } from "./real-time.ts";

export interface Observer {
  /** Every round of its own, in order. */
  readonly results: readonly RoundResult[];
  stop(): Promise<void>;
}

export async function startObserver(url: string, seed: number): Promise<Observer> {
  const results: RoundResult[] = [];
  const signingKey = createSigningKey(randomBytes(32));
  const peer = createPeer({
    signingKey,
    identity: {
      peerId: signingKey.peerId,
      name: `observer-${seed}`,
      kind: "node",
      backend: "wasm",
    },
    room: "main",
    signaling: await connectSignaling(url, { signingKey }),
    createLink: createNodeDatachannelLink,
    startTrainer: (task, shard) => startTrainerThread(task, { shard }),
    clock: realClock,
    rng: createRng(seed),
    onEvent: (event) => void (event.kind === "round" && results.push(event.result)),
  });
  const ended = peer.run();
  return {
    results,
    async stop() {
      peer.stop();
      await within(20_000, "the observer's end", ended);
    },
  };
}

/** Accuracy of each replica on the whole validation set. */
export async function evaluate(task: Task, replicas: readonly Float32Array[]): Promise<readonly number[]> {
  const trainer = await startTrainerThread(task, { shard: 0 });
  const accuracies: number[] = [];
  for (const replica of replicas) {
    const validate = { from: 0, count: trainer.validationSamples };
    const { validation } = await trainer.train(replica, { round: 0, samples: 0, validate });
    accuracies.push(validation ? validation.correct / validation.count : NaN);
  }
  await trainer.close();
  return accuracies;
}
