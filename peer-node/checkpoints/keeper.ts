/**
 * Keeps checkpoints of a run: one at a time, beside the training, which never waits for a disk. A disk that
 * fails costs one warning, and another word once it works again.
 */
import type { Clock } from "../../shared/core/clock.ts";
import type { Replica } from "../../shared/net/model-upload.ts";
import { doneOrLate } from "../../shared/net/waiting.ts";
import { isDue } from "./rhythm.ts";
import type { Mark, Rhythm } from "./rhythm.ts";

export interface Keeper {
  /** After a round: saves a copy of the replica if it is time. */
  consider(replica: Replica): void;
  /** Of the end of a run, whenever the last one was; resolves when it is on the disk, or can't be. */
  conclude(replica: Replica | undefined): Promise<void>;
}

/** A disk that takes longer over one checkpoint is trouble. */
const stuckMs = 30_000;

export function createKeeper(deps: {
  readonly rhythm: Rhythm;
  readonly clock: Clock;
  /** Rejects with one sentence; resolves with one where it is saved but something else is wrong. */
  readonly save: (replica: Replica) => Promise<string | undefined>;
  readonly tell: (sentence: string) => void;
  /** Trouble, and its end. */
  readonly warn: (sentence: string) => void;
}): Keeper {
  const { rhythm, clock } = deps;
  let last: Mark | undefined;
  let before: Mark | undefined;
  /** Never rejects. */
  let working: Promise<void> | undefined;
  let savedRound = 0;
  let isFailing = false;
  let toldTrouble: string | undefined;

  function fail(sentence: string): void {
    if (!isFailing) deps.warn(`${sentence}; training goes on`);
    isFailing = true;
  }

  async function work(task: () => Promise<void>): Promise<void> {
    const cancel = clock.after(stuckMs, () => fail("the disk takes long over a checkpoint"));
    try {
      await task();
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
    cancel();
    working = undefined;
  }

  function save({ round, values }: Replica): Promise<void> {
    const copy = { round, values: values.slice() };
    return work(async () => {
      const trouble = await deps.save(copy);
      if (trouble !== undefined && trouble !== toldTrouble) deps.warn(trouble);
      toldTrouble = trouble;
      if (isFailing) deps.warn(`checkpoints are saved again: round ${round}`);
      else if (savedRound === 0) deps.tell(`checkpoint saved: round ${round}`);
      isFailing = false;
      savedRound = round;
    });
  }

  return {
    consider(replica) {
      const now = { round: replica.round, atMs: clock.now() };
      const start = { round: now.round - 1, atMs: now.atMs };
      const due = isDue(rhythm, (last ??= start), before ?? start, now);
      if (due && working) return; // asked again after the next round
      before = now;
      if (!due) return;
      last = now;
      working = save(replica);
    },
    async conclude(replica) {
      const patience = (task: Promise<void>) => doneOrLate(clock, task, stuckMs);
      if (working) await patience(working);
      if (!working && replica && replica.round > 0 && replica.round !== savedRound)
        await patience(save(replica));
    },
  };
}
