/** What two peers say to each other on the reliable channel: short JSON texts, schema-checked. */
import * as v from "valibot";
import { maxAudited } from "../core/audit.ts";
import { protocolVersion, signalSchema, sketchSchema } from "./messages.ts";

const u32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

const { to: peerId, attempt, data } = signalSchema.entries;

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
  /** The sender audits these fragments: what did you contribute (audit.ts)? */
  v.strictObject({
    type: v.literal("audit"),
    epoch: u32,
    round: u32,
    fragments: v.pipe(v.array(u32), v.minLength(1), v.maxLength(maxAudited), v.readonly()),
  }),
  /** The sender is no member but wants your gathers (or not any more). */
  v.strictObject({ type: v.literal("listen"), on: v.boolean() }),
  /** Fragments get lost on the way to the sender: you dialled, so please open one more connection. */
  v.strictObject({ type: v.literal("widen") }),
  /** Signals for a member that the sender has no link to, while the server is away (signal-routes.ts). */
  v.strictObject({ type: v.literal("relay"), to: peerId, attempt, data }),
  /** What another member gave the sender for you. */
  v.strictObject({ type: v.literal("relayed"), from: peerId, attempt, data }),
  /** The sender has no link to the member that you gave it an offer for. */
  v.strictObject({ type: v.literal("unreachable"), to: peerId, attempt }),
  /** Of the sender's replica, for members to tell whether theirs has drifted (drift.ts). */
  v.strictObject({
    type: v.literal("sketch"),
    ...sketchSchema.entries,
    moved: v.pipe(v.number(), v.minValue(0)),
  }),
]);
export type ControlMessage = v.InferOutput<typeof controlSchema>;

/** Longer texts are not ours. */
const maxControlLength = 512;
/** But for what carries a session description or a sketch. */
const maxLongLength = 8_192;

export const hello: ControlMessage = { type: "hello", protocol: protocolVersion };

/** Reads a stranger's text; undefined when it is no control message. Never throws. */
export function parseControl(text: string): ControlMessage | undefined {
  if (text.length > maxLongLength) return undefined;
  try {
    const result = v.safeParse(controlSchema, JSON.parse(text));
    if (!result.success) return undefined;
    const { output } = result;
    const mayBeLong = "data" in output || "values" in output;
    return mayBeLong || text.length <= maxControlLength ? output : undefined;
  } catch {
    return undefined; // not JSON
  }
}
