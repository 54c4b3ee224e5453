/**
 * How values travel in a packet. An encoding never changes what the algorithm does, only how many values
 * fit a packet and how exactly they arrive.
 */
import { maxMagnitude } from "./constants.ts";
import { fromHalves, toHalves } from "./float16.ts";
import type { Rng } from "./rng.ts";
import type { EncodingName } from "./task.ts";

export interface Encoding {
  readonly name: EncodingName;
  /** The header's byte. */
  readonly id: number;
  readonly bytesPerValue: number;
  /** Writes `count` finite values from `values[from]` to `out[at]`. */
  encode(values: Float32Array, from: number, count: number, out: Uint8Array, at: number, rng: Rng): void;
  /** The reverse. False when a value is not finite or beyond `maxMagnitude`: the packet is to be rejected. */
  decode(bytes: Uint8Array, at: number, count: number, values: Float32Array, to: number): boolean;
  /** Why `decode` said no. */
  isFinite(bytes: Uint8Array, at: number): boolean;
}

/** The largest packet and some room to shift it. */
const scratchFloats = new Float32Array(1024 + 16);
const scratchBytes = new Uint8Array(scratchFloats.buffer);
const scratchHalves = new Uint16Array(scratchFloats.buffer);
let latestStart = scratchBytes;

/** The first bytes of the scratch; nearly all packets have the same length, so that nothing is allocated. */
function scratchStart(length: number): Uint8Array {
  if (latestStart.length !== length) latestStart = scratchBytes.subarray(0, length);
  return latestStart;
}

/**
 * Copies bytes to the scratch so that numbers of 4 bytes can be read; returns where in it they begin. A packet
 * is copied whole: a view of its values alone would be one more object for each.
 */
function alignToScratch(bytes: Uint8Array, at: number, length: number): number {
  const shift = -at & 3;
  if (shift + bytes.length <= scratchBytes.length) {
    scratchBytes.set(bytes, shift);
    return at + shift;
  }
  scratchBytes.set(bytes.subarray(at, at + length));
  return 0;
}

asserts(new Uint8Array(new Uint16Array([1]).buffer)[0] === 1, "Shoal needs a little-endian machine");

const f32: Encoding = {
  name: "f32",
  id: 0,
  bytesPerValue: 4,
  encode(values, from, count, out, at) {
    for (let i = 0; i < count; i++) scratchFloats[i] = values[from + i] ?? 0;
    out.set(scratchStart(count * 4), at);
  },
  decode(bytes, at, count, values, to) {
    const first = alignToScratch(bytes, at, count * 4) / 4;
    let largest = 0;
    for (let i = 0; i < count; i++) {
      const value = scratchFloats[first + i] ?? 0;
      largest = Math.max(largest, Math.abs(value)); // NaN as soon as one value is
      values[to + i] = value;
    }
    return largest <= maxMagnitude;
  },
  isFinite(bytes, at) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = at; i + 4 <= bytes.length; i += 4)
      if (!Number.isFinite(view.getFloat32(i, true))) return false;
    return true;
  },
};

const f16: Encoding = {
  name: "f16",
  id: 1,
  bytesPerValue: 2,
  encode(values, from, count, out, at, rng) {
    toHalves(values, from, count, scratchHalves, rng);
    out.set(scratchStart(count * 2), at);
  },
  decode(bytes, at, count, values, to) {
    return fromHalves(scratchHalves, alignToScratch(bytes, at, count * 2) / 2, count, values, to);
  },
  isFinite: () => false, // nothing else is wrong with halves
};

const encodings: Readonly<Record<EncodingName, Encoding>> = { f32, f16 };

export function encodingOf(name: EncodingName): Encoding {
  return encodings[name];
}

function asserts(truth: boolean, message: string): void {
  if (!truth) throw new Error(message);
}
