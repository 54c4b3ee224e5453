/** The rules by name, and what the round machine has to know of one. */
import { createPlan } from "../plan.ts";
import type { PlanInput } from "../plan.ts";
import type { RobustSetting } from "../robust-setting.ts";
import type { AveragingName } from "../task.ts";
import { gradient } from "./gradient.ts";
import { reliable } from "./reliable.ts";
import { createRobustMean } from "./robust.ts";
import { rps } from "./rps.ts";
import type { AveragingRule } from "./rule.ts";
import { runningSums } from "./running-sums.ts";

const rules: Readonly<Record<AveragingName, (maxFragmentValues: number) => AveragingRule>> = {
  rps,
  gradient,
  reliable,
  "running-sums": runningSums,
};

/** @param robust the task's, which `running-sums` does not go with */
export function createRule(
  name: AveragingName,
  maxFragmentValues: number,
  robust?: RobustSetting,
): AveragingRule {
  const rule = rules[name](maxFragmentValues);
  if (!robust) return rule;
  const reduce = createRobustMean(robust, maxFragmentValues);
  return { ...rule, reduce, doubtsOthers: true, audit: robust.audit };
}

/** Owners for a view are those of its round 0, whatever round it begins in. */
export function roundOptionsOf(rule: AveragingRule) {
  const { reduce, ownersFor, doubtsOthers = false, exchangesUpdates = false, audit = 0 } = rule;
  if (ownersFor === "round") return { reduce, doubtsOthers, exchangesUpdates, audit };
  return { reduce, planFor: (input: PlanInput) => createPlan({ ...input, round: 0 }) };
}
