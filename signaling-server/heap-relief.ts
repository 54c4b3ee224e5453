/**
 * Gives memory back after a crowd has left. V8 collects when somebody allocates, and frees pages a collection
 * later; a server that a crowd of thousands has just left does not allocate, and would keep what they needed.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../shared/core/clock.ts";

export interface HeapReliefOptions {
  readonly clock: Pick<Clock, "after">;
  /** Open at present. */
  readonly sockets: () => number;
  /** A full collection; it takes about as long as one of V8's own on what is left. */
  readonly collect: () => void;
}

const everyMs = 2_000;
/** Fewer are not worth the pause. */
const leastGone = 1_000;
/** What is left is small then, and quickly looked through. */
const leftShare = 1 / 4;
/**
 * The first finds garbage, the next two free its pages. The young generation, up to 32 MB, becomes small only where
 * little was allocated in the five seconds before a collection, and its pages are free after one more.
 */
const collections = 5;

/** Returns how to stop. */
export function relieveHeap({ clock, sockets, collect }: HeapReliefOptions): () => void {
  let most = 0;
  let toDo = 0;
  let cancel = clock.after(everyMs, beat);

  function beat(): void {
    cancel = clock.after(everyMs, beat);
    const now = sockets();
    most = Math.max(most, now);
    if (most - now >= leastGone && now <= leftShare * most) {
      most = now;
      toDo = collections;
    }
    if (toDo === 0) return;
    toDo -= 1;
    collect();
  }

  return () => cancel();
}

/** V8's own, which Node hides without a flag. */
export function fullCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return () => {
    if (typeof collect === "function") collect();
  };
}
