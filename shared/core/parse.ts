/** One sentence for a failed valibot parse: field, value, expectation. */
import type * as v from "valibot";

export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "";
  if (issue.expected === "never") return `${path}: no such setting`;
  const is = `${path === "" ? "the document" : path} is ${preview(issue.input)}`;
  if (issue.type !== "variant" && issue.input === undefined) return is;
  return `${is}: ${expectation(issue)}`;
}

/** Of a variant that somebody may give as a bare name. */
export function needsObject(example: string): (issue: v.BaseIssue<unknown>) => string {
  return (issue) => (issue.expected === "Object" ? `must be an object like ${example}` : expectation(issue));
}

/** By the validator's name of the check. */
const rangeWords: Readonly<Record<string, string>> = {
  min_value: "be at least",
  max_value: "be at most",
  gt_value: "be more than",
  lt_value: "be less than",
  min_length: "have a length of at least",
  max_length: "have a length of at most",
};

/** The validator's own words in ours; what a schema says itself stays. */
function expectation({ kind, type, expected, requirement, message }: v.BaseIssue<unknown>): string {
  if (!message.startsWith("Invalid ")) return message;
  if (type === "integer") return "must be a whole number";
  if (rangeWords[type] !== undefined) return `must ${rangeWords[type]} ${String(requirement)}`;
  if (kind !== "schema") return message;
  const words = (expected ?? "something else").replace(/^\((.*)\)$/, "$1").replaceAll(" | ", " or ");
  return `must be ${words
    .replace(/^Object$/, "an object")
    .replace(/^Array$/, "a list")
    .replace(/^(?=number$|string$)/, "a ")}`;
}

function preview(value: unknown): string {
  if (value === undefined) return "missing";
  return (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
