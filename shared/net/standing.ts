/** What a peer is at: its state for the server, its phase for a screen; a pause overrides both. */
import type { PeerEvent } from "./peer-events.ts";
import type { PeerPhase } from "./phase.ts";
import type { PeerState } from "./report.ts";

export interface Standing {
  readonly state: PeerState;
  readonly phase: PeerPhase;
  readonly isPaused: boolean;
  /** So far, the one under way among them. */
  readonly pauses: number;
  enter(state: PeerState): void;
  enterPhase(phase: PeerPhase): void;
  pause(): void;
  resume(): void;
}

export function createStanding(onEvent: (event: PeerEvent) => void, onState: () => void): Standing {
  let state: PeerState = "connecting";
  let phase: PeerPhase = "connecting";
  let isPaused = false;
  let pauses = 0;

  function enter(next: PeerState): void {
    if (state === next || (isPaused && next !== "paused")) return;
    state = next;
    onState();
    onEvent({ kind: "state", state });
  }

  function enterPhase(next: PeerPhase): void {
    if (phase === next || (isPaused && next !== "paused")) return;
    phase = next;
    onEvent({ kind: "phase", phase });
  }

  return {
    get state() {
      return state;
    },
    get phase() {
      return phase;
    },
    get isPaused() {
      return isPaused;
    },
    get pauses() {
      return pauses;
    },
    enter,
    enterPhase,
    pause() {
      isPaused = true;
      pauses += 1;
      enter("paused");
      enterPhase("paused");
    },
    resume() {
      isPaused = false;
      enter("connecting");
      enterPhase("connecting");
    },
  };
}
