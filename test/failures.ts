/** A reporter of node:test for the end of a long run: where each test is that failed, and why, without its trace. */
import type { TestEvent } from "node:test/reporters";

export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:fail" || event.data.todo) continue;
    const { name, file, line, details } = event.data;
    const error: Error & { readonly failureType?: unknown } = details.error;
    // Its subtests have said it.
    if (error.failureType === "subtestsFailed") continue;
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    yield `${file ?? ""}:${line ?? ""} ${name}\n  ${reason.replaceAll("\n", "\n  ")}\n`;
  }
}
