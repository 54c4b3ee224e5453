/** What a peer tells whoever runs it. */
import type { RoundResult } from "../core/round.ts";
import type { LocalResult } from "../training/trainer.ts";
import type { Refusal } from "./messages.ts";
import type { ValidationFigure } from "./meters.ts";
import type { PeerPhase } from "./phase.ts";
import type { PeerState } from "./report.ts";

export type PeerEvent =
  | { readonly kind: "state"; readonly state: PeerState }
  /** As often as several times a round. */
  | { readonly kind: "phase"; readonly phase: PeerPhase }
  | { readonly kind: "round"; readonly result: RoundResult; readonly local: LocalResult }
  | { readonly kind: "validation"; readonly figure: ValidationFigure }
  | { readonly kind: "notice"; readonly text: string };

export type PeerOutcome =
  /** All rounds of the task are done. */
  | { readonly kind: "finished"; readonly validation: ValidationFigure }
  | { readonly kind: "stopped" }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The trainer failed, or training diverged. */
  | { readonly kind: "failed"; readonly reason: string; readonly diverged: boolean };
