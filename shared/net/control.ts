/** What two peers say to each other on the reliable channel: short JSON texts, schema-checked. */
import * as v from "valibot";
import { protocolVersion } from "./messages.ts";

const u32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

const controlSchema = v.variant("type", [
  /** First on every link. */
  v.strictObject({ type: v.literal("hello"), protocol: u32 }),
  /** Every `heartbeatMs`: WebRTC itself takes 13–29 s to notice a dead peer. */
  v.strictObject({ type: v.literal("beat") }),
  /** The sender is through with a phase of a round towards you (round.ts). */
  v.strictObject({
    type: v.literal("end"),
    epoch: u32,
    round: u32,
    phase: v.picklist(["scatter", "gather"]),
    sent: u32,
  }),
  /** The sender is no member but wants your gathers (or not any more). */
  v.strictObject({ type: v.literal("listen"), on: v.boolean() }),
  /** Fragments get lost on the way to the sender: you dialled, so please open one more connection. */
  v.strictObject({ type: v.literal("widen") }),
]);
export type ControlMessage = v.InferOutput<typeof controlSchema>;

/** Longer texts are not ours. */
const maxControlLength = 512;

export const hello: ControlMessage = { type: "hello", protocol: protocolVersion };

/** Reads a stranger's text; undefined when it is no control message. Never throws. */
export function parseControl(text: string): ControlMessage | undefined {
  if (text.length > maxControlLength) return undefined;
  try {
    const result = v.safeParse(controlSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined; // not JSON
  }
}
