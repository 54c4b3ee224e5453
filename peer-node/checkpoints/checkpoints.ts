/** The checkpoints of one `shoal join`, from its options: where they are, when they are due, what they are for. */
import { resolve } from "node:path";
import type { Clock } from "../../shared/core/clock.ts";
import type { Task } from "../../shared/core/task.ts";
import type { PeerOutcome } from "../../shared/net/peer-events.ts";
import type { Peer, PeerOptions } from "../../shared/net/peer.ts";
import { within } from "../../shared/training/time-limit.ts";
import { usageError } from "../exit-codes.ts";
import { findCheckpoint } from "./find-checkpoint.ts";
import type { Tell } from "./find-checkpoint.ts";
import { createKeeper } from "./keeper.ts";
import type { Keeper } from "./keeper.ts";
import { defaultRhythm, inWords } from "./rhythm.ts";
import type { Rhythm } from "./rhythm.ts";
import { preparePlace, saveCheckpoint } from "./save-checkpoint.ts";
import type { CheckpointPlace } from "./save-checkpoint.ts";

const defaultKeep = 3;
/** For a disk that must spin up, or one on a network. */
const patienceMs = 30_000;

export interface CheckpointOptions {
  readonly checkpoint: string | undefined;
  readonly "checkpoint-every": Rhythm | undefined;
  readonly "checkpoint-keep": number | undefined;
  readonly resume: boolean | undefined;
}

export interface Checkpoints {
  /** For a peer's options: nothing where it is not to resume. */
  readonly remembered: Pick<PeerOptions, "remembered">;
  /** Says which rhythm applies: one that was given earlier is not remembered. */
  announce(): void;
  /** Says once that others were training already, where a checkpoint was to be brought. */
  listening(peer: Peer): Promise<void>;
  afterRound(peer: Peer): void;
  /** The last one of a run that did not fail. */
  conclude(peer: Peer, outcome: PeerOutcome): Promise<void>;
}

const none: Checkpoints = {
  remembered: {},
  announce() {},
  listening: () => Promise.resolve(),
  afterRound() {},
  conclude: () => Promise.resolve(),
};

/** @throws CommandError with one sentence, where a checkpoint could not be saved. */
export async function openCheckpoints(
  options: CheckpointOptions,
  deps: {
    readonly url: string;
    readonly room: string;
    readonly clock: Clock;
    readonly tell: Tell;
    /** Trouble, and its end. */
    readonly warn: Tell;
  },
): Promise<Checkpoints> {
  if (options.checkpoint === undefined) {
    const lost = (["checkpoint-every", "checkpoint-keep", "resume"] as const).find((name) => options[name]);
    if (lost) throw usageError(`--${lost}: needs --checkpoint DIR`);
    return none;
  }
  const { tell, warn, clock, url, room } = deps;
  const {
    resume,
    "checkpoint-every": rhythm = defaultRhythm,
    "checkpoint-keep": keep = defaultKeep,
  } = options;
  const place = { folder: resolve(options.checkpoint), keep, url, room };
  let keeper: Keeper | undefined;
  /** The peer asked for the newest, or was told what becomes of it. */
  let isSettled = resume !== true;
  await prepared(place, clock);

  async function remembered(task: Task) {
    isSettled = true;
    const found = await findCheckpoint(place.folder, task, warn);
    tell(
      found
        ? `coming with the checkpoint of round ${found.round}; the optimizer starts at zero`
        : `no checkpoint of this task in ${place.folder}: coming with the initial model`,
    );
    return found;
  }

  function keeperFor(peer: Peer): Keeper {
    const save = async (replica: Parameters<typeof saveCheckpoint>[2]) => {
      const { task, report } = peer.snapshot();
      return task && saveCheckpoint(place, task, replica, report.validation?.accuracy);
    };
    return createKeeper({ rhythm, clock, save, tell, warn });
  }

  return {
    remembered: resume ? { remembered } : {},
    announce: () => tell(`a checkpoint ${inWords(rhythm)}, the last ${keep} kept, in ${place.folder}`),
    async listening(peer) {
      const { task } = peer.snapshot();
      if (isSettled || !task) return;
      isSettled = true;
      const found = await findCheckpoint(place.folder, task, () => undefined);
      if (found)
        tell(`the room is training already: its model counts, not the checkpoint of round ${found.round}`);
    },
    afterRound(peer) {
      keeper ??= keeperFor(peer);
      const replica = peer.replica();
      if (replica) keeper.consider(replica);
    },
    async conclude(peer, outcome) {
      if (outcome.kind !== "failed") await keeper?.conclude(peer.replica());
    },
  };
}

async function prepared(place: CheckpointPlace, clock: Clock): Promise<void> {
  const late = `checkpoint folder (${place.folder}): the disk does not answer in ${patienceMs / 1_000} s`;
  await within(clock, patienceMs, late, preparePlace(place)).catch((error: unknown) => {
    throw usageError(error instanceof Error ? error.message : String(error));
  });
}
