/**
 * Everything that crosses the socket between a peer and the signaling server: valibot schemas and the
 * socket.io event maps made from them, shared by both ends. docs/protocol.md describes each in prose.
 * A stranger's event that does not fit its schema is refused with a reason and counted; it never throws.
 */
import * as v from "valibot";
import { offenceKinds } from "../core/conduct.ts";
import type { DropCause } from "../core/drops.ts";
import type { Task } from "../core/task.ts";
import type { View } from "../core/view.ts";

/** Raised when a peer and a server (or two peers) would misunderstand each other. */
export const protocolVersion = 4;

/** Everything a stranger can make grow has a cap. */
export const limits = {
  membersPerRoom: 32,
  nameLength: 64,
  signalBytes: 8_192,
  eventBytes: 65_536,
  linksPerReport: 64,
  /** A whole model, and one part of it: a part is one frame of the socket. */
  modelBytes: 64_000_000,
  modelPartBytes: 61_440,
  sketchValues: 64,
} as const;

const finite = v.pipe(v.number(), v.finite());
const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const u32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const shortText = (max: number) => v.pipe(v.string(), v.maxLength(max));
/** Shown in terminals, where a control character would be a command and a format character turns the line round. */
const shownText = (max: number) =>
  v.pipe(
    shortText(max),
    v.regex(
      /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u,
      "must not hold control characters, invisible ones or line separators",
    ),
  );
/** Fillers are letters to Unicode, and the empty Braille pattern is a symbol: nobody sees them. */
const seen = /[^\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
export const nameSchema = v.pipe(
  shownText(limits.nameLength),
  v.regex(seen, "must have a character that can be seen"),
);

/** Made from the peer's own key (signing-key.ts), so that it survives a restart of the server. */
const peerIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "must be 32 hex digits"));
export const roomNameSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,47}$/, "must be lower-case letters, digits and dashes (48 at most)"),
);

const hexDigits = (length: number) =>
  v.pipe(v.string(), v.length(length), v.regex(/^[0-9a-f]*$/, `must be ${length} hex digits`));

export const joinSchema = v.strictObject({
  protocol: whole,
  room: roomNameSchema,
  peerId: peerIdSchema,
  /** Shown to people. */
  name: nameSchema,
  kind: v.picklist(["node", "browser"]),
  backend: shownText(64),
  /** For a room that is not open to everybody (`#invite=…` of its link). */
  invite: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]{1,128}$/, "must be an invite as its link has it"))),
  /** From an earlier welcome of this peer: lets it come back. */
  pass: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]{1,128}$/, "must be the pass of a welcome"))),
  /** That it holds the key of its id (join-proof.ts). */
  proof: v.optional(v.strictObject({ key: hexDigits(64), signature: hexDigits(128) })),
  /** A peer that was a member before the server (or its socket) went away says where it is. */
  resume: v.optional(v.strictObject({ epoch: u32, round: u32, cycleMs: v.optional(finite) })),
});
export type JoinRequest = v.InferOutput<typeof joinSchema>;

const candidateSchema = v.strictObject({
  candidate: shortText(512),
  sdpMid: v.optional(v.nullable(shortText(32))),
  sdpMLineIndex: v.optional(v.nullable(whole)),
});
/** A link may use several connections; absent: the first. */
const lane = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(15)));
export const signalSchema = v.strictObject({
  to: peerIdSchema,
  /** Which attempt to connect this belongs to; signals of an older attempt are ignored. */
  attempt: shortText(32),
  data: v.variant("type", [
    v.strictObject({
      type: v.picklist(["offer", "answer"]),
      sdp: shortText(limits.signalBytes),
      lane,
      /** Of the peer that says so (seals.ts). */
      key: hexDigits(64),
      signature: hexDigits(128),
    }),
    v.strictObject({ type: v.literal("candidate"), candidate: candidateSchema, lane }),
  ]),
});
export type SignalMessage = v.InferOutput<typeof signalSchema>;

const dropsSchema = v.strictObject({
  lost: whole,
  late: whole,
  stale: whole,
  unsent: whole,
  rejected: whole,
} satisfies Record<DropCause, typeof whole>);

const linkReportSchema = v.strictObject({
  /** The other end. */
  peerId: peerIdSchema,
  state: v.picklist(["connecting", "open", "closed"]),
  rttMs: v.optional(finite),
  candidateType: v.optional(v.picklist(["host", "srflx", "prflx", "relay"])),
  /** Connections that carry fragments. */
  lanes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16))),
  /** Fragments since the link opened: handed to the channel; arrived and counted; not, by cause. */
  sent: whole,
  received: whole,
  drops: dropsSchema,
  /** Rounds in which this peer was waited for in vain. */
  missed: v.optional(whole),
  /** What an honest peer would not have sent, by kind (conduct.ts). */
  offences: v.optional(v.record(v.picklist(offenceKinds), whole)),
  /** Why nothing of the other end is used at present. */
  muted: v.optional(v.picklist(offenceKinds)),
});
export type LinkReport = v.InferOutput<typeof linkReportSchema>;

/** sketch.ts: what lets the server compare replicas that it never sees. */
const sketchValuesSchema = v.pipe(v.array(finite), v.length(limits.sketchValues));
export const sketchSchema = v.strictObject({
  /** The replica as it was when it entered this round. */
  round: u32,
  values: sketchValuesSchema,
});
export type Sketch = v.InferOutput<typeof sketchSchema>;

export const reportSchema = v.strictObject({
  state: v.picklist(["connecting", "listening", "training", "paused"]),
  round: u32,
  /** Mean training loss of the last round; absent before the first. */
  loss: v.optional(finite),
  validation: v.optional(v.strictObject({ round: u32, loss: finite, accuracy: finite })),
  /** Where it differs from what was said in `join`: a tab chooses its backend only when it has the task. */
  backend: v.optional(shownText(64)),
  samplesPerSecond: v.pipe(finite, v.minValue(0)),
  samples: whole,
  /** Median and percentiles of the time of one averaging over the last rounds, milliseconds. */
  roundMsP50: v.optional(finite),
  roundMsP95: v.optional(finite),
  roundMsP99: v.optional(finite),
  /** Mean time of a whole round (learning and averaging), milliseconds. */
  cycleMs: v.optional(finite),
  bytesSent: whole,
  bytesReceived: whole,
  sketch: v.optional(sketchSchema),
  /** Absent: as in the report before. */
  links: v.optional(v.pipe(v.array(linkReportSchema), v.maxLength(limits.linksPerReport))),
});
export type PeerReport = v.InferOutput<typeof reportSchema>;
export type WholeReport = PeerReport & { readonly links: NonNullable<PeerReport["links"]> };

/** The peer's replica is complete: put me into the next view. */
export const readySchema = v.strictObject({
  round: u32,
  /** Of the model that we bring, where it is not the initial one. */
  sketch: v.optional(sketchValuesSchema),
});
export type ReadyMessage = v.InferOutput<typeof readySchema>;

/** The server asks for a replica part by part; `from` counts values of the flat vector, 0 begins anew. */
export interface ModelRequest {
  readonly from: number;
}
export const modelPartSchema = v.variant("ok", [
  v.strictObject({
    ok: v.literal(true),
    /** Rounds that the replica has been through. */
    round: u32,
    /** Values of the whole flat vector. */
    count: whole,
    /** f32, little-endian. */
    values: v.pipe(
      v.instance(Uint8Array),
      v.check(
        (bytes) => bytes.byteLength <= limits.modelPartBytes,
        `must have at most ${limits.modelPartBytes} bytes`,
      ),
    ),
  }),
  v.strictObject({ ok: v.literal(false), reason: shownText(256) }),
]);
export type ModelAnswer = v.InferOutput<typeof modelPartSchema>;
export type ModelPart = Extract<ModelAnswer, { readonly ok: true }>;

/** Another participant of the room, member or not. */
export interface RosterEntry {
  readonly peerId: string;
  readonly name: string;
  readonly kind: "node" | "browser";
}

export interface Welcome {
  readonly ok: true;
  readonly task: Task;
  /** Null or without members: nobody trains yet and the model is the task's initial one. */
  readonly view: View | null;
  /** Who is in the room already: the newcomer makes the offers. */
  readonly roster: readonly RosterEntry[];
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  readonly iceServers: readonly string[];
  /** Between two reports, milliseconds; 1,000 where absent. */
  readonly reportMs?: number;
  /** To be shown when joining this room again. */
  readonly pass?: string | undefined;
}

export const refusalCodes = ["version", "room", "full", "taken", "malformed", "limit", "finished"] as const;
export interface Refusal {
  readonly ok: false;
  readonly code: (typeof refusalCodes)[number];
  /** One sentence for a person: what, which value, what to do. */
  readonly reason: string;
}

export interface ClientEvents {
  join(request: JoinRequest, reply: (answer: Welcome | Refusal) => void): void;
  signal(message: SignalMessage): void;
  ready(message: ReadyMessage): void;
  report(report: PeerReport): void;
  /** No member until it says `ready` again; it stays in the room. */
  pause(): void;
  /** Goodbye: the peer goes of its own will. */
  leave(): void;
}

export interface ServerEvents {
  joined(arrivals: { readonly peers: readonly RosterEntry[] }): void;
  left(peer: { readonly peerId: string; readonly reason: string }): void;
  view(view: View): void;
  /** Between two reports, from now on: a server with many peers asks for fewer. */
  pace(pace: { readonly reportMs: number }): void;
  /** Hand in this part of your replica, for people to try the model. */
  model(request: ModelRequest, answer: (part: ModelAnswer) => void): void;
  signal(message: Omit<SignalMessage, "to"> & { readonly from: string }): void;
  /** An event of yours was not taken; `event` names it. */
  refused(refusal: Omit<Refusal, "ok"> & { readonly event: string }): void;
}

/**
 * What `shared/net/peer.ts` needs of a connection to the server; roles make it of socket.io-client.
 * It reconnects by itself with back-off.
 */
export interface Signaling {
  join(request: JoinRequest): Promise<Welcome | Refusal>;
  send<Name extends "signal" | "ready" | "report" | "pause" | "leave">(
    event: Name,
    ...args: Parameters<ClientEvents[Name]>
  ): void;
  on(handlers: SignalingHandlers): void;
  close(): void;
}
export interface SignalingHandlers extends ServerEvents {
  /** The socket is up (again): join (again). */
  connected(): void;
  /** The socket is down; training goes on. */
  disconnected(reason: string): void;
}
