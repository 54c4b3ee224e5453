/** One sentence for a failed valibot parse: field, value, expectation. */
import type * as v from "valibot";

export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "";
  const value = preview(issue.input);
  return `${path === "" ? "the document" : path} is ${value}: ${issue.message}`;
}

function preview(value: unknown): string {
  if (value === undefined) return "missing";
  return (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
