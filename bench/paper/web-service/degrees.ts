/** The same network at varying degrees of priority for the web: what becomes one curve of a figure. */
import type { Scenario } from "./network/run.ts";

export interface Degrees {
  readonly alike: Scenario;
  readonly webFirst: readonly Scenario[];
}

/** Learning packets may wait only in the first `share` of a port's buffer; at least one fits. */
export function withLearningShare(scenario: Scenario, share: number): Scenario {
  const learningLimitBytes = Math.max(share * scenario.bufferBytes, scenario.learning.packetBytes);
  return { ...scenario, discipline: { kind: "shared", learningLimitBytes } };
}

export function sharedDegrees(scenario: Scenario, shares: readonly number[]): Degrees {
  return {
    alike: withLearningShare(scenario, 1),
    webFirst: shares.map((share) => withLearningShare(scenario, share)),
  };
}

/** What of the buffer learning's own queue has, where the degree is the weight. */
const weightedLearningShare = 0.1;

export function weightedDegrees(scenario: Scenario, weights: readonly number[]): Degrees {
  const learningLimitBytes = weightedLearningShare * scenario.bufferBytes;
  return {
    alike: withLearningShare(scenario, 1),
    webFirst: weights.map((webWeight) => ({
      ...scenario,
      discipline: { kind: "weighted", learningLimitBytes, webWeight },
    })),
  };
}

/** The web always goes first; the degree is how much of learning may wait for it. */
export function strictDegrees(scenario: Scenario, shares: readonly number[]): Degrees {
  return {
    alike: withLearningShare(scenario, 1),
    webFirst: shares.map((share) => ({
      ...scenario,
      discipline: { ...withLearningShare(scenario, share).discipline, kind: "strict" },
    })),
  };
}
