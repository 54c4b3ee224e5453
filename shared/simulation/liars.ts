/**
 * Members that lie, packet by packet: they learn and average like everybody, and change what they send. Each lie is
 * as bad as its kind can be: it has the right form wherever the right form makes it worse.
 */
import { headerBytes, packetKinds } from "../core/packet.ts";
import type { Rng } from "../core/rng.ts";

export const lies = [
  "not-finite",
  "huge",
  "sign-flip",
  "sign-flip-owner",
  "noisy-owner",
  "zero-owner",
  "stale",
  "of-others",
  "much-weight",
  "dictator",
] as const;
/**
 * not-finite: NaN and infinities; huge: 1e38. sign-flip: ten times what was learned, the wrong way; sign-flip-owner:
 * its averages as well. noisy-owner: averages with noise of 30 times what they differ by; zero-owner: of nothing but
 * zeros. stale: the replica of 20 rounds ago, and old round numbers. of-others: fragments and seats that are not its
 * own. much-weight: says that an average is of 65,535 peers, the most that the field holds. dictator: averages that go
 * back by as much as no receiver clips.
 */
export type Lie = (typeof lies)[number];

/** What a liar knows. */
export interface LiarState {
  /** Its replica before the local steps. */
  readonly before: Float32Array;
  /** After them: what it would have sent. */
  readonly learned: Float32Array;
  /** The same, some rounds ago. */
  readonly old: Float32Array;
  readonly members: number;
  readonly fragments: number;
  readonly valuesPerFragment: number;
  readonly rng: Rng;
}

const flipFactor = 10;
const noiseFactor = 30;
/** Of what members differ by: receivers clip at three times that. */
const dictatorFactor = 2.5;
const odd = [NaN, Infinity, -Infinity] as const;

/** Changes a packet of f32 values in place. */
export function tamper(lie: Lie, bytes: Uint8Array, state: LiarState): void {
  const packet = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isGather = packet.getUint8(1) === packetKinds.gather;
  const from = packet.getUint32(12, true) * state.valuesPerFragment;
  const { before, learned, old, rng } = state;
  const count = (bytes.length - headerBytes) / 4;
  const at = (i: number) => headerBytes + 4 * i;
  const each = (change: (value: number, index: number) => number) => {
    for (let i = 0; i < count; i++)
      packet.setFloat32(at(i), change(packet.getFloat32(at(i), true), from + i), true);
  };
  const flip = () =>
    each((value, index) => (before[index] ?? 0) - flipFactor * (value - (before[index] ?? 0)));
  const changes: Record<Lie, () => unknown> = {
    "not-finite": () => packet.setFloat32(at(rng.below(count)), odd[rng.below(odd.length)] ?? NaN, true),
    huge: () => each((value) => Math.sign(value) * 1e38),
    "sign-flip": () => !isGather && flip(),
    "sign-flip-owner": flip,
    "noisy-owner"() {
      if (!isGather) return;
      let sum = 0;
      for (let i = 0; i < count; i++) sum += (packet.getFloat32(at(i), true) - (before[from + i] ?? 0)) ** 2;
      const noise = noiseFactor * Math.sqrt(sum / count);
      each((value) => value + noise * rng.normal());
    },
    "zero-owner": () => isGather && each(() => 0),
    stale() {
      if (rng.below(2) === 0) each((_, index) => old[index] ?? 0);
      else packet.setUint32(8, Math.max(0, packet.getUint32(8, true) - 1 - rng.below(20)), true);
    },
    "of-others"() {
      if (rng.below(2) === 0) packet.setUint32(12, rng.below(state.fragments), true);
      else packet.setUint16(16, rng.below(state.members), true);
    },
    dictator() {
      if (!isGather) return;
      let [distance, step] = [0, 0];
      for (let i = 0; i < count; i++) {
        const value = packet.getFloat32(at(i), true);
        distance += (value - (learned[from + i] ?? 0)) ** 2;
        step += (value - (before[from + i] ?? 0)) ** 2;
      }
      if (step === 0) return;
      const back = dictatorFactor * Math.sqrt(distance / step);
      each((value, index) => value - back * (value - (before[index] ?? 0)));
    },
    "much-weight": () => packet.setUint16(18, 0xffff, true),
  };
  changes[lie]();
}
