/** Candidates that must wait for the other side's description: kept in order, a bounded number, then let go. */
import type { Signal } from "./link.ts";

export type Candidate = Extract<Signal, { type: "candidate" }>["candidate"];

/** An honest side has a few per network interface. */
const maxHeld = 64;

export interface CandidateHold {
  /** Passed on at once when the description is there. */
  take(candidate: Candidate): void;
  /** The description is there. */
  release(): void;
}

export function createCandidateHold(pass: (candidate: Candidate) => void): CandidateHold {
  const held: Candidate[] = [];
  let released = false;

  return {
    take: (candidate) => {
      if (candidate.candidate === "") return; // "no more": an older dialect of trickling
      if (released) pass(candidate);
      else if (held.length < maxHeld) held.push(candidate);
    },
    release: () => {
      released = true;
      for (const candidate of held.splice(0)) pass(candidate);
    },
  };
}
