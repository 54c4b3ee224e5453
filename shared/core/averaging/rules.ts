/** The rules by name. */
import type { AveragingName } from "../task.ts";
import { gradient } from "./gradient.ts";
import { reliable } from "./reliable.ts";
import { rps } from "./rps.ts";
import type { AveragingRule } from "./rule.ts";

const rules: Readonly<Record<AveragingName, (maxFragmentValues: number) => AveragingRule>> = {
  rps,
  gradient,
  reliable,
};

export function createRule(name: AveragingName, maxFragmentValues: number): AveragingRule {
  return rules[name](maxFragmentValues);
}
