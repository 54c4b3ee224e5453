/**
 * How long a round waits for silent peers. Steered by the share of fragments lost to lateness (additive/
 * multiplicative, target 3 %), never below a few times what the bulk of the members needs: in simulation
 * that beat fixed time-outs, median + k·MAD and p95 windows (docs/design.md).
 */
export interface PatienceLimits {
  readonly initialMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Patience {
  /** Deadline of one phase; a round has two. */
  readonly phaseMs: number;
  /**
   * After each round.
   * @param lateShare share (0..1) of the fragments of awaited members that the deadline cut off
   * @param bulkMs time until two thirds of the members were in; slow outliers do not stretch it
   */
  update(lateShare: number, bulkMs: number): void;
}

/** Two seconds are enough for a slow start (compilation, a cold link) and little when a peer is dead. */
export const defaultPatience: PatienceLimits = { initialMs: 2_000, minMs: 100, maxMs: 10_000 };

export function createPatience(limits: PatienceLimits = defaultPatience): Patience {
  let phaseMs = limits.initialMs;
  let typicalMs = 0;
  return {
    get phaseMs() {
      return phaseMs;
    },
    update(lateShare, bulkMs) {
      typicalMs = typicalMs === 0 ? bulkMs : typicalMs + 0.1 * (bulkMs - typicalMs);
      const floorMs = Math.max(limits.minMs, 3 * typicalMs);
      phaseMs = Math.min(limits.maxMs, Math.max(floorMs, phaseMs * steering(lateShare)));
    },
  };
}

function steering(lateShare: number): number {
  if (lateShare > 0.09) return 1.25;
  return lateShare > 0.03 ? 1.05 : 0.95;
}
