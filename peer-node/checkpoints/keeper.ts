/**
 * Keeps checkpoints of a run: one at a time, beside the training, which never waits for a disk. A disk that
 * fails costs one warning, and another word once it works again.
 */
import type { Clock } from "../../shared/core/clock.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { isDue } from "./rhythm.ts";
import type { Mark, Rhythm } from "./rhythm.ts";

export interface Keeper {
  /** After a round: saves a copy of the replica if it is time. */
  consider(replica: Replica): void;
  /** Of the end of a run, whenever the last one was; resolves when it is on the disk, or can't be. */
  conclude(replica: Replica | undefined): Promise<void>;
}

export function createKeeper(deps: {
  readonly rhythm: Rhythm;
  readonly clock: Clock;
  /** Rejects with one sentence. */
  readonly save: (replica: Replica) => Promise<void>;
  readonly tell: (sentence: string) => void;
  /** Trouble, and its end. */
  readonly warn: (sentence: string) => void;
}): Keeper {
  const { rhythm, clock } = deps;
  let last: Mark | undefined;
  let before: Mark | undefined;
  /** Never rejects. */
  let saving: Promise<void> | undefined;
  let savedRound = 0;
  let isFailing = false;

  async function save({ round, values }: Replica): Promise<void> {
    try {
      await deps.save({ round, values: values.slice() });
      if (isFailing) deps.warn(`checkpoints are saved again: round ${round}`);
      else if (savedRound === 0) deps.tell(`first checkpoint saved: round ${round}`);
      isFailing = false;
      savedRound = round;
    } catch (error) {
      if (!isFailing)
        deps.warn(`${error instanceof Error ? error.message : String(error)}; training goes on`);
      isFailing = true;
    }
    saving = undefined;
  }

  return {
    consider(replica) {
      const now = { round: replica.round, atMs: clock.now() };
      const start = { round: now.round - 1, atMs: now.atMs };
      const due = isDue(rhythm, (last ??= start), before ?? start, now);
      if (due && saving) return; // asked again after the next round
      before = now;
      if (!due) return;
      last = now;
      saving = save(replica);
    },
    async conclude(replica) {
      await saving;
      if (replica && replica.round > 0 && replica.round !== savedRound) await save(replica);
    },
  };
}
