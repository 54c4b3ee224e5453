/**
 * A peer's side of handing in the model: the server asks for it part by part (socket.io, not the links),
 * so that people can try it. The parts of one hand-in are of one copy, whatever is learned meanwhile.
 */
import type { Clock } from "../core/clock.ts";
import { limits } from "./messages.ts";
import type { ModelAnswer, ModelRequest } from "./messages.ts";

/** A complete replica: the model after `round` rounds. */
export interface Replica {
  readonly round: number;
  readonly values: Float32Array;
}

export interface ModelUpload {
  answer(request: ModelRequest): ModelAnswer;
  /** At the end of a run: resolves when a hand-in is through, or soon if nobody asks for one. */
  chance(): Promise<void>;
}

const bytesPerValue = 4;
const valuesPerPart = limits.modelPartBytes / bytesPerValue;
/** A server that asks no further has gone away. */
const abandonedMs = 30_000;
/** For the server to ask for the final model before we leave … */
const chanceMs = 300;
/** … and to fetch it. */
const finalMs = 10_000;

export function createModelUpload(deps: {
  readonly clock: Clock;
  /** Undefined while there is no complete one. */
  readonly replica: () => Replica | undefined;
}): ModelUpload {
  const { clock } = deps;
  let copy: Replica | undefined;
  let cancelAbandon: () => void = () => undefined;
  let whenDone: () => void = () => undefined;

  function freeze(): void {
    const replica = deps.replica();
    copy = replica && { round: replica.round, values: replica.values.slice() };
  }

  function drop(): void {
    cancelAbandon();
    copy = undefined;
    whenDone();
  }

  return {
    answer({ from }) {
      cancelAbandon();
      if (from === 0) freeze();
      if (!copy) return { ok: false, reason: "there is no complete model here" };
      const { round, values } = copy;
      if (!Number.isInteger(from) || from < 0 || from >= values.length)
        return { ok: false, reason: `there is no value ${from}: the model has ${values.length}` };
      const end = Math.min(from + valuesPerPart, values.length);
      const part = toBytes(values.subarray(from, end));
      if (end === values.length) drop();
      else cancelAbandon = clock.after(abandonedMs, drop);
      return { ok: true, round, count: values.length, values: part };
    },

    chance() {
      return new Promise((resolve) => {
        const cancelFinal = clock.after(finalMs, done);
        const cancelChance = clock.after(chanceMs, () => !copy && done());
        function done(): void {
          cancelFinal();
          cancelChance();
          whenDone = () => undefined;
          resolve();
        }
        whenDone = done;
      });
    },
  };
}

/** Little-endian, whatever the machine's own order is. */
function toBytes(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * bytesPerValue);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * bytesPerValue, value, true);
  return bytes;
}
