/** Numbered messages whose content is checked on arrival, and patience that ends. */
import assert from "node:assert/strict";
import { createRng } from "../../shared/core/rng.ts";
import type { LinkEnd } from "../labs/link-pair.ts";
import { pause, within } from "../labs/real-time.ts";

/** Bytes that only this number makes. */
export function numbered(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const rng = createRng(number);
  for (let i = 0; i < length; i++) bytes[i] = rng.u32();
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

/** The message's number, after a look at every byte of it. */
export function checkNumbered(bytes: Uint8Array): number {
  const number = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  assert.deepEqual(new Uint8Array(bytes), numbered(number, bytes.length), `fragment ${number} is whole`);
  return number;
}

/** Sends when the link takes it; never beyond what the channel holds. */
export async function sendPatiently(end: LinkEnd, bytes: Uint8Array, room: number): Promise<void> {
  for (let turn = 0; end.link.bufferedBytes > room || !end.link.send("fragments", bytes); turn++) {
    assert.ok(turn < 3_000, "the channel takes the next fragment in time");
    await pause(5);
  }
}

/** A silence is so many turns long: a time in which this process does not run, however long, is one. */
const quietTurns = 50;

/** Counts what arrives; `settled` resolves when `expected` are there, or nothing comes for `quietMs`. */
export function countArrivals(expected: number, quietMs: number) {
  const numbers = new Set<number>();
  let arrived = 0;

  async function quiet(): Promise<void> {
    for (let turn = 0, before = arrived; numbers.size < expected && turn < quietTurns; turn++) {
      await pause(quietMs / quietTurns);
      if (arrived > before) turn = 0;
      before = arrived;
    }
  }

  return {
    numbers,
    add: (number: number) => {
      arrived++;
      numbers.add(number);
    },
    arrived: () => arrived,
    /** How many are there when it is `count`, or when that did not come in time: nothing is sent again. */
    reach: async (count: number, withinMs: number) => {
      for (let waited = 0; numbers.size < count && waited < withinMs; waited += 5) await pause(5);
      return numbers.size;
    },
    settled: () => within(60_000, "arrivals settled", quiet()),
  };
}

/** Resolves with the next text that arrives. */
export function nextText(end: LinkEnd): Promise<string> {
  const text = new Promise<string>((resolve) => (end.on.text = resolve));
  return within(10_000, "a text", text);
}
