/** The training loop of one peer as its users see it; training-loop.ts is the one that runs. */
import type { Clock } from "../core/clock.ts";
import type { Membership } from "./membership.ts";
import type { Meters } from "./meters.ts";
import type { Replica } from "./model-upload.ts";
import type { PeerEvent, PeerOutcome } from "./peer-events.ts";
import type { PeerMesh } from "./peer-mesh.ts";
import type { Session } from "./session.ts";
import type { Standing } from "./standing.ts";

export interface TrainingLoop {
  /** Until the task's rounds are done or `isOver`. */
  run(): Promise<void>;
  readonly round: number;
  /** Our replica belongs to a running training (and not just to the task's seed). */
  readonly isComplete: boolean;
  /** As it came out of the last averaging. */
  readonly replica: Replica;
  /** The room has lost its last member, maybe us: its next training starts afresh, or with what somebody has. */
  roomEmptied(wasMember: boolean): void;
}

export interface TrainingLoopDeps {
  readonly session: Session;
  readonly membership: Membership;
  readonly peerId: string;
  readonly meters: Meters;
  readonly clock: Clock;
  /** Ended, or asked to stop after the round under way. */
  readonly isOver: () => boolean;
  readonly mesh: Pick<PeerMesh, "tellSketch" | "hasDrifted">;
  readonly hasEnded: () => boolean;
  readonly standing: Standing;
  /** The newest model that we kept of this task. */
  readonly remembered: () => Promise<Replica | undefined>;
  /** Resolves at the next news from the server, after `ms` at the latest. */
  readonly news: (ms: number) => Promise<void>;
  readonly end: (outcome: PeerOutcome) => void;
  readonly onEvent: (event: PeerEvent) => void;
}
