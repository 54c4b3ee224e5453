/**
 * The exact second moments of RPS (derivation in docs/design.md), q = 1−p, μ = E[1/M] = (1−pⁿ)/(nq) with
 * M = 1 + Bin(n−1, q) contributions at an owner:
 *   α1 = [μ(1+(n−1)q) + (n−1)p − 1]/(n−1),   α2 = (E‖w‖²/n − 1)/(n−1),
 *   E‖w‖² = μ[(n−1)qp + ((n−1)q+1)²] + (n−1)p + 2p(1+(n−2)q)(1−μ).
 */
export function exactMoments(n: number, p: number): { alpha1: number; alpha2: number; beta: number } {
  const q = 1 - p;
  const mu = (1 - p ** n) / (n * q);
  const alpha1 = (mu * (1 + (n - 1) * q) + (n - 1) * p - 1) / (n - 1);
  const weights =
    mu * ((n - 1) * q * p + ((n - 1) * q + 1) ** 2) + (n - 1) * p + 2 * p * (1 + (n - 2) * q) * (1 - mu);
  const alpha2 = (weights / n - 1) / (n - 1);
  return { alpha1, alpha2, beta: alpha1 - alpha2 };
}

/**
 * By how much Corollary 2's leading term grows after as many steps: (1 + √(n·α2)) / (1 − √β). The term falls as
 * 1/√T, so the samples for the same bound grow with its square.
 */
export function corollary2(n: number, p: number): number {
  const { alpha2, beta } = exactMoments(n, p);
  return (1 + Math.sqrt(n * alpha2)) / (1 - Math.sqrt(beta));
}

/** Spread of the replicas around their mean, Σ_i ‖v_i − v̄‖², and the mean itself. */
export function spread(vectors: readonly Float32Array[]): { spread: number; mean: Float64Array } {
  const length = vectors[0]?.length ?? 0;
  const mean = new Float64Array(length);
  for (const vector of vectors)
    for (let i = 0; i < length; i++) mean[i] = (mean[i] ?? 0) + (vector[i] ?? 0) / vectors.length;
  let sum = 0;
  for (const vector of vectors)
    for (let i = 0; i < length; i++) sum += ((vector[i] ?? 0) - (mean[i] ?? 0)) ** 2;
  return { spread: sum, mean };
}

/** Mean and standard error of a sample. */
export function estimate(sample: readonly number[]): { mean: number; error: number } {
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
  const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (sample.length - 1);
  return { mean, error: Math.sqrt(variance / sample.length) };
}
