/** A peer as its users see it; peer.ts is the one that runs. */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Trainer } from "../training/trainer.ts";
import type { CreateLink } from "./link.ts";
import type { Identity } from "./membership.ts";
import type { Signaling } from "./messages.ts";
import type { Replica } from "./model-upload.ts";
import type { SigningKey } from "./signing-key.ts";
import type { PeerEvent, PeerOutcome } from "./peer-events.ts";
import type { PeerSnapshot } from "./report.ts";

export interface PeerOptions {
  readonly identity: Identity;
  /** Whose `peerId` is the identity's. */
  readonly signingKey: SigningKey;
  readonly room: string;
  readonly signaling: Signaling;
  readonly createLink: CreateLink;
  readonly startTrainer: (task: Task, shard: number) => Promise<Trainer>;
  /** The newest whole model of this task that we kept: where nobody trains, training goes on with it. */
  readonly remembered?: (task: Task) => Promise<Replica | undefined>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onEvent: (event: PeerEvent) => void;
}

export interface Peer {
  /** Resolves once, with why it ended. Never rejects. */
  run(): Promise<PeerOutcome>;
  /** Finish the round under way, say goodbye, end. */
  stop(): void;
  /** No member any more, the replica is kept: the round under way is the last one until `resume`. */
  pause(): void;
  /** Catches up with the others and is a member again. */
  resume(): void;
  /** Learns from this share (0..1) of the task's samples per round, and works for that share of the time. */
  setShare(share: number): void;
  /** Goodbye at once, for a page that is being closed; `run` resolves soon after, if it still can. */
  leaveNow(): void;
  snapshot(): PeerSnapshot;
  /** While it is complete: of this moment, to be copied by who keeps it. */
  replica(): Replica | undefined;
}
