/** Draws from the Dirichlet distribution that come out the same, to the bit, on every machine. */
import type { Rng } from "../../core/rng.ts";
import { exactExp, exactLog } from "./exact-math.ts";

/** Shares that sum to 1. Small concentrations: nearly all in one. */
export function drawDirichlet(concentrations: readonly number[], rng: Rng): number[] {
  // In logarithms: a concentration of 0.005 draws numbers far below the smallest double.
  const logs = concentrations.map((concentration) =>
    concentration > 0 ? logGamma(concentration, rng) : -Infinity,
  );
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((log) => exactExp(log - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Logarithm of a gamma variable of shape a: Γ(a) = Γ(a + 1)·U^(1/a). */
function logGamma(shape: number, rng: Rng): number {
  return exactLog(gammaAboveOne(shape + 1, rng)) + exactLog(positiveFloat(rng)) / shape;
}

/** Marsaglia & Tsang, "A simple method for generating gamma variables" (2000); shape ≥ 1. */
function gammaAboveOne(shape: number, rng: Rng): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = polarNormal(rng);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    if (exactLog(positiveFloat(rng)) < (x * x) / 2 + d - d * v + d * exactLog(v)) return d * v;
  }
}

/** Marsaglia's polar method: no sine, no cosine. */
function polarNormal(rng: Rng): number {
  for (;;) {
    const x = 2 * rng.float() - 1;
    const y = 2 * rng.float() - 1;
    const s = x * x + y * y;
    if (s > 0 && s < 1) return x * Math.sqrt((-2 * exactLog(s)) / s);
  }
}

function positiveFloat(rng: Rng): number {
  return 1 - rng.float();
}
