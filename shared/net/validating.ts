/** A peer's validation: a slice of the images in every round, all of them at the end. */
import type { LocalResult } from "../training/trainer.ts";
import { figureOf } from "./meters.ts";
import type { Meters, ValidationFigure } from "./meters.ts";
import type { PeerEvent } from "./peer-events.ts";
import type { Session } from "./session.ts";

/** Images validated in each round. */
const validationSlice = 32;

export interface Validating {
  /** The part of a round's work that is validation. */
  due(): { validate?: { from: number; count: number } };
  note(local: LocalResult, round: number): void;
  /** The figure that counts: the whole validation set, on the model that does not move any more. */
  final(replica: Float32Array, round: number): Promise<ValidationFigure>;
}

export function createValidating(
  { trainer, pace, pass }: Session,
  meters: Meters,
  onEvent: (event: PeerEvent) => void,
): Validating {
  function tell(figure: ValidationFigure): void {
    meters.validated(figure);
    onEvent({ kind: "validation", figure });
  }

  return {
    due() {
      // It must not make anybody late: at most a quarter of the round's samples.
      const validate = pass.next(Math.min(validationSlice, Math.floor(pace.samples / 4)));
      return validate ? { validate } : {};
    },
    note(local, round) {
      const figure = local.validation && pass.add(local.validation, round);
      if (figure) tell(figure);
    },
    async final(replica, round) {
      const all = { from: 0, count: trainer.validationSamples };
      const { validation } = await trainer.train(replica, { round, samples: 0, validate: all });
      if (!validation) throw new Error("the trainer did not validate");
      const figure = figureOf(validation, round);
      tell(figure);
      return figure;
    },
  };
}
