/** What the figures' JSON files hold. */
import { curveOf, interpolate, loadAt } from "./curves.ts";
import type { LoadPoint, Lookup, SpeedUpCurve } from "./curves.ts";
import type { Study, Variant } from "./study.ts";

export interface ExtraLoad {
  readonly targetMs: number;
  readonly unprioritised: LoadPoint | null;
  readonly points: readonly (LoadPoint & { readonly extra: number; readonly extraShare: number })[];
  /** Extra messages per second at 10 % learning loss. */
  readonly extraAtTenPercent: number | null;
}

export interface VariantResult extends Pick<Variant, "group" | "name"> {
  readonly curves: readonly SpeedUpCurve[];
}

const targetsMs = [2, 5, 10] as const;

export function speedUpResult({ speedUp }: Study, look: Lookup): SpeedUpCurve[] {
  return speedUp.map((study) => curveOf(study, look));
}

export function extraLoadResult({ alike, webFirst }: Study, look: Lookup): ExtraLoad[] {
  return targetsMs.map((targetMs) => {
    const unprioritised = loadAt(alike, look, targetMs);
    const base = unprioritised?.messagesPerSecond ?? NaN;
    const points = webFirst
      .flatMap((ladder) => loadAt(ladder, look, targetMs) ?? [])
      .filter(() => unprioritised !== null)
      .map((point) => {
        const extra = point.messagesPerSecond - base;
        return { ...point, extra, extraShare: extra / base };
      });
    const start = unprioritised ? ([[unprioritised.learningLoss, 0]] as const) : [];
    const curve = [...start, ...points.map(({ learningLoss, extra }) => [learningLoss, extra] as const)];
    return { targetMs, unprioritised, points, extraAtTenPercent: interpolate(curve, 0.1) };
  });
}

export function variantResults({ variants }: Study, look: Lookup): VariantResult[] {
  return variants.map(({ group, name, studies }) => ({
    group,
    name,
    curves: studies.map((study) => curveOf(study, look)),
  }));
}
