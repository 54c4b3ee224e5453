/** What `shoal join --json` prints, line by line. */
import * as v from "valibot";

const counts = v.object({
  lost: v.number(),
  late: v.number(),
  stale: v.number(),
  unsent: v.number(),
  rejected: v.number(),
});
const figure = v.object({ round: v.number(), loss: v.number(), accuracy: v.number() });

const eventSchema = v.variant("event", [
  v.object({ event: v.literal("state"), state: v.string() }),
  v.object({ event: v.literal("backend"), name: v.string(), why: v.string() }),
  v.object({ event: v.literal("notice"), text: v.string() }),
  v.object({ event: v.literal("validation"), ...figure.entries }),
  v.object({
    event: v.literal("round"),
    round: v.number(),
    epoch: v.number(),
    loss: v.nullable(v.number()),
    samples: v.number(),
    roundMs: v.number(),
    /** What it may take at most. */
    deadlineMs: v.number(),
    averaged: v.number(),
    fragments: v.number(),
    missed: v.array(v.string()),
  }),
  v.object({
    event: v.literal("end"),
    outcome: v.string(),
    reason: v.optional(v.string()),
    exitCode: v.number(),
    validation: v.optional(figure),
    drops: counts,
    sent: v.number(),
    received: v.number(),
  }),
]);

/** With the time at which we read it: processes share no clock. */
export type JoinEvent = v.InferOutput<typeof eventSchema> & { readonly atMs: number };
export type RoundEvent = Extract<JoinEvent, { event: "round" }>;
export type EndEvent = Extract<JoinEvent, { event: "end" }>;

/** @throws when a line is no event of that command: its output is an interface. */
export function parseEvent(line: string): JoinEvent {
  return { ...v.parse(eventSchema, JSON.parse(line)), atMs: performance.now() };
}

export function roundsOf(events: readonly JoinEvent[]): readonly RoundEvent[] {
  return events.filter((event) => event.event === "round");
}

export function endOf(events: readonly JoinEvent[]): EndEvent | undefined {
  return events.find((event) => event.event === "end");
}
