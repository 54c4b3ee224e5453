/** How much longer a training takes to come as far as another one. */
import { quantile } from "../../../shared/simulation/figures.ts";

export type LossCurve = readonly (readonly [epoch: number, loss: number])[];

/** Losses at which the two are compared. */
const levels = 20;

/**
 * The median, over losses that `other` came down to between a tenth and a half of its epochs (before its rate
 * first falls), of the epochs that `own` took to come there over those that `other` took. Undefined where it never
 * came down to half of them.
 */
export function slowDown(own: LossCurve, other: LossCurve): number | undefined {
  const end = other.at(-1)?.[0] ?? 0;
  const ratios: number[] = [];
  for (let level = 0; level < levels; level++) {
    const epoch = end * (0.1 + (0.4 * (level + 0.5)) / levels);
    const loss = lowest(other.filter(([at]) => at <= epoch));
    const [there, reference] = [own, other].map((curve) => curve.find(([, value]) => value <= loss)?.[0]);
    if (there !== undefined && reference !== undefined) ratios.push(there / reference);
  }
  return ratios.length >= levels / 2 ? quantile(ratios, 0.5) : undefined;
}

function lowest(curve: LossCurve): number {
  return Math.min(...curve.map(([, loss]) => loss));
}
