/** Figures of a simulation's rows. */
export function relativeSpread(replicas: readonly Float32Array[]): number {
  const length = replicas[0]?.length ?? 0;
  let distance = 0;
  let size = 0;
  for (let i = 0; i < length; i++) {
    const center = mean(replicas.map((replica) => replica[i] ?? 0));
    size += center ** 2;
    for (const replica of replicas) distance += ((replica[i] ?? 0) - center) ** 2 / replicas.length;
  }
  return Math.sqrt(distance / Math.max(size, 1e-30));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
