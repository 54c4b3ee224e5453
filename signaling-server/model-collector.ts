/**
 * Keeps the newest whole model of a room, for people to try. When the members' accuracy is worth it, one
 * member at a time is asked for its replica, in turn; what comes is a stranger's and is checked. Averaging
 * needs none of this: the server never hands a model to a peer.
 */
import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Clock } from "../shared/core/clock.ts";
import { describeIssue } from "../shared/core/parse.ts";
import type { Task } from "../shared/core/task.ts";
import { limits, modelPartSchema } from "../shared/net/messages.ts";
import type { ModelPart, ModelRequest } from "../shared/net/messages.ts";
import type { ModelStatus } from "../shared/net/status.ts";
import { describeData } from "../shared/training/data/describe.ts";
import { valueCountOf, writeModelFile } from "../shared/training/model-file.ts";
import type { Contributor } from "./room-interface.ts";

export interface KeptModel extends ModelStatus {
  /** Of the file, for a download. */
  readonly name: string;
  readonly file: Buffer;
  readonly etag: string;
  /** Under way: they end when a second newer model comes. */
  readonly downloads: Set<Download>;
}

interface Download {
  destroy(): void;
}

export interface ModelCollector {
  /** Bytes that the model takes with those before and after it; 0 if it is too large to be kept. */
  readonly memory: number;
  readonly model: KeptModel | null;
  /** Once a second: asks somebody if it is time to. */
  consider(): void;
  /** A member has done the last round and leaves soon: the final model is here now or never. */
  finished(peerId: string): void;
  left(peerId: string): void;
}

export interface ModelCollectorOptions {
  readonly task: Task;
  readonly clock: Clock;
  /** Memory that there is for this room's model. */
  readonly maxBytes: number;
  readonly members: () => readonly Contributor[];
  /** Rejects when the peer does not answer in time. */
  readonly ask: (peerId: string, request: ModelRequest) => Promise<unknown>;
  /** Of every hand-in. */
  readonly onOutcome: (fault: string | null) => void;
}

const everyMs = 15_000;
/** Between two models that are so large that a download which began with the first must get through: 1 MB/s. */
const msPerByte = 1 / 1_000;
/** After a fault: who answers at once that it has none must not be asked once per round trip. */
const afterFaultMs = 1_000;
/** For a whole model, however slowly its parts come. */
const handInMs = 120_000;
const bytesPerValue = 4;
/** The file, the one before it where somebody downloads that, the values that come in, and the file made of them. */
const copies = 4;
/** The last part of who leaves may have come already, together with its goodbye. */
const leavingMs = 100;
/** A wrong answer may be a mistake; it is not asked for again and again. */
const maxDistrusted = 256;

/**
 * Clearly better than guessing: at most 2/9 of the errors that guessing makes among `classes`. For ten
 * classes that is 80 % right, for two 89 %.
 */
export function accuracyWorthTrying(classes: number): number {
  return 1 - ((1 - 1 / classes) * 2) / 9;
}

export function createModelCollector(options: ModelCollectorOptions): ModelCollector {
  const { task, clock, ask, onOutcome } = options;
  const valueCount = valueCountOf(task);
  const size = valueCount * bytesPerValue;
  const memory = size <= limits.modelBytes && copies * size <= options.maxBytes ? copies * size : 0;
  const restMs = Math.max(everyMs, size * msPerByte);
  const goal = accuracyWorthTrying(describeData(task.data).classes);
  /**
   * Whose turn is next: who came or was asked longest ago. Only of members, so that it does not grow, and who
   * leaves and comes back, or comes under a new id, is behind those that stayed.
   */
  const queue = new Set<string>();
  const distrusted = new Set<string>();
  /** Who says that it has the final model and is still there: each has one turn before all others. */
  const done = new Map<string, "waiting" | "asked">();
  let model: KeptModel | null = null;
  let before: KeptModel | null = null;
  let dueMs = -Infinity;
  let current: { readonly peerId: string; readonly ending: AbortController } | null = null;
  /** The last turn was one that a member had before all others, and came to nothing. */
  let isOthersTurn = false;

  /** Of all members that have validated: null if those are not even half of them. */
  function accuracyOf(members: readonly Contributor[]): number | null {
    const known = members.flatMap(({ accuracy }) => accuracy ?? []);
    if (known.length === 0 || 2 * known.length < members.length) return null;
    return known.reduce((sum, value) => sum + Math.min(1, Math.max(0, value)), 0) / known.length;
  }

  /** Being done is a member's own word: it brings a turn forward, and never keeps the others from theirs. */
  function consider(): void {
    if (memory === 0 || current) return;
    const members = options.members();
    lineUp(members);
    const isDue = clock.now() >= dueMs;
    if (done.size === 0 && !isDue) return;
    const able = members.filter(({ peerId }) => !distrusted.has(peerId));
    const isFinalDue = (model?.round ?? -1) < task.rounds;
    const finalists = isFinalDue ? able.filter(({ peerId }) => done.get(peerId) === "waiting") : [];
    const askFinalist = () => askOneOf(finalists, accuracyOf(finalists), task.rounds);
    const askAnyone = () => isDue && askOneOf(able, accuracyOf(members), 0);
    if (isOthersTurn) void (askAnyone() || askFinalist());
    else void (askFinalist() || askAnyone());
  }

  /** Of those that are new the furthest first. */
  function lineUp(members: readonly Contributor[]): void {
    const here = new Set(members.map(({ peerId }) => peerId));
    for (const peerId of queue) if (!here.has(peerId)) queue.delete(peerId);
    for (const { peerId } of members.toSorted((a, b) => b.round - a.round)) queue.add(peerId);
  }

  function askOneOf(able: readonly Contributor[], accuracy: number | null, leastRound: number): boolean {
    if (accuracy === null || accuracy < goal) return false;
    const next = [...queue].find((queued) => able.some(({ peerId }) => peerId === queued));
    if (next !== undefined) void handIn(next, accuracy, leastRound);
    return next !== undefined;
  }

  /** Who says to be done is asked for a model of `leastRound`, in a turn that changes nothing for others if it fails. */
  async function handIn(peerId: string, accuracy: number, leastRound: number): Promise<void> {
    const ending = new AbortController();
    current = { peerId, ending };
    queue.delete(peerId);
    queue.add(peerId);
    if (done.has(peerId)) done.set(peerId, "asked");
    const isBroughtForward = leastRound > 0;
    const othersDueMs = dueMs;
    dueMs = clock.now() + restMs;
    let fault: string | null = null;
    try {
      const taken = await pull(peerId, ending.signal);
      if (taken.round < leastRound) throw new Error(`its model is of round ${taken.round}, not the last one`);
      keep(taken.parameters, taken.round, accuracy);
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
      // Somebody else may do better.
      dueMs = isBroughtForward ? othersDueMs : clock.now() + afterFaultMs;
    }
    isOthersTurn = isBroughtForward && fault !== null;
    current = null;
    onOutcome(fault);
    consider();
  }

  /** Whatever is still to come when it is given up: that ends it, and what has come is let go. */
  async function pull(
    peerId: string,
    givenUp: AbortSignal,
  ): Promise<{ round: number; parameters: Float32Array }> {
    const untilMs = clock.now() + handInMs;
    // As large as the model: made for nobody who has none.
    let parameters = new Float32Array();
    let round: number | undefined;
    for (let from = 0; from < valueCount;) {
      givenUp.throwIfAborted();
      const answer = await unless(givenUp, ask(peerId, { from }));
      const part = checkPart(peerId, answer, from);
      round ??= part.round;
      if (part.round !== round) throw distrust(peerId, "its model changed on the way");
      if (from === 0) parameters = new Float32Array(valueCount);
      from += readValues(part.values, parameters, from);
      if (clock.now() > untilMs) throw new Error(`its model took longer than ${handInMs / 1_000} s`);
    }
    if (!parameters.every(Number.isFinite))
      throw distrust(peerId, "its model has values that are not finite");
    return { round: round ?? 0, parameters };
  }

  function checkPart(peerId: string, answer: unknown, from: number): ModelPart {
    const result = v.safeParse(modelPartSchema, answer, { abortEarly: true });
    if (!result.success)
      throw distrust(peerId, `its answer is malformed: ${describeIssue(result.issues[0])}`);
    const part = result.output;
    if (!part.ok) throw new Error(`it has none: ${part.reason}`);
    if (part.count !== valueCount)
      throw distrust(peerId, `its model has ${part.count} values, the task's ${valueCount}`);
    if (part.round > task.rounds)
      throw distrust(peerId, `its model is of round ${part.round}, beyond the task`);
    const expected = Math.min(limits.modelPartBytes, (valueCount - from) * bytesPerValue);
    if (part.values.byteLength !== expected)
      throw distrust(peerId, `a part has ${part.values.byteLength} bytes: ${expected} were asked for`);
    return part;
  }

  function distrust(peerId: string, why: string): Error {
    distrusted.add(peerId);
    const [oldest] = distrusted;
    if (distrusted.size > maxDistrusted && oldest !== undefined) distrusted.delete(oldest);
    return new Error(why);
  }

  function keep(parameters: Float32Array, round: number, accuracy: number): void {
    const bytes = writeModelFile({ task, parameters, round, accuracy });
    const file = Buffer.from(bytes.buffer);
    const name = `${task.name}-round-${round}.safetensors`;
    const etag = `"${createHash("sha256").update(file).digest("base64url")}"`;
    for (const download of before?.downloads ?? []) download.destroy();
    before = model?.downloads.size ? model : null;
    model = { round, accuracy, bytes: file.length, name, file, etag, downloads: new Set() };
  }

  return {
    memory,
    get model() {
      return model;
    },
    consider,
    finished(peerId) {
      if (!done.has(peerId) && options.members().some((member) => member.peerId === peerId))
        done.set(peerId, "waiting");
      consider();
    },
    left(peerId) {
      done.delete(peerId);
      queue.delete(peerId);
      const leaver = current;
      if (leaver?.peerId === peerId) clock.after(leavingMs, () => leaver.ending.abort(new Error("it left")));
    },
  };
}

/** Rejects when it is given up, however long the answer takes. `Promise.race` would hold every part to the end. */
function unless<T>(givenUp: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(givenUp.reason);
    givenUp.addEventListener("abort", end, { once: true });
    void answer.then(resolve, reject).finally(() => givenUp.removeEventListener("abort", end));
  });
}

function readValues(bytes: Uint8Array, into: Float32Array, from: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.byteLength / bytesPerValue;
  for (let i = 0; i < count; i++) into[from + i] = view.getFloat32(i * bytesPerValue, true);
  return count;
}
