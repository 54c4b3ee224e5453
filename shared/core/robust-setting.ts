/** How owners average, and receivers check owners, where strangers may lie (averaging/robust.ts, owner-check.ts). */
import * as v from "valibot";
import { needsObject } from "./parse.ts";

/** Of all fragments, audited by somebody in a round (audit.ts). */
const audit = v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0.1);

export const robustSetting = v.variant(
  "kind",
  [
    v.strictObject({
      kind: v.literal("trimmed-mean"),
      /** Of the contributions to a value, left out at each end: as many liars as it stands. */
      share: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(0.5)), 1 / 3),
      audit,
    }),
    v.strictObject({ kind: v.literal("median"), audit }),
    v.strictObject({
      kind: v.literal("centered-clip"),
      iterations: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
      audit,
    }),
  ],
  needsObject('{"kind": "centered-clip"}'),
);

export type RobustSetting = v.InferOutput<typeof robustSetting>;

export const robustKinds = [
  "centered-clip",
  "trimmed-mean",
  "median",
] as const satisfies readonly RobustSetting["kind"][];

/** With its defaults. */
export function robustOf(kind: RobustSetting["kind"]): RobustSetting {
  return v.parse(robustSetting, { kind });
}
