/** The send buffer of an in-memory channel: empties at a rate and says when it is low again. */
import type { Clock } from "../core/clock.ts";
import { lowWaterBytes } from "./link.ts";

export interface MemoryQueue {
  bufferedBytes(): number;
  push(bytes: Uint8Array): void;
}

export function createMemoryQueue(deps: {
  readonly clock: Clock;
  readonly bytesPerSecond: () => number;
  readonly deliver: (bytes: Uint8Array) => void;
  readonly drained: () => void;
}): MemoryQueue {
  const { clock, bytesPerSecond, deliver, drained } = deps;
  const waiting: Uint8Array[] = [];
  let bufferedBytes = 0;

  function sendNext(): void {
    const bytes = waiting[0];
    if (!bytes) return;
    clock.after((bytes.length / bytesPerSecond()) * 1000, () => {
      waiting.shift();
      const before = bufferedBytes;
      bufferedBytes -= bytes.length;
      deliver(bytes);
      if (before > lowWaterBytes && bufferedBytes <= lowWaterBytes) drained();
      sendNext();
    });
  }

  return {
    bufferedBytes: () => bufferedBytes,
    push: (bytes) => {
      if (bytesPerSecond() === Number.POSITIVE_INFINITY && waiting.length === 0) {
        deliver(bytes);
        return;
      }
      waiting.push(bytes);
      bufferedBytes += bytes.length;
      if (waiting.length === 1) sendNext();
    },
  };
}
