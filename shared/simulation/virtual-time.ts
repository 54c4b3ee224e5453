/** A clock that jumps from event to event. Events at the same time run in the order they were made. */
import type { Clock } from "../core/clock.ts";

export interface VirtualTime extends Clock {
  /** Runs the next event; false when there is none. */
  step(): boolean;
  /** Runs events until `done()` or none is left; throws after `maxEvents`, so that a bug can't run for ever. */
  runUntil(done: () => boolean, maxEvents?: number): void;
}

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export function createVirtualTime(): VirtualTime {
  const heap: Event[] = [];
  let time = 0;
  let made = 0;

  function after(ms: number, run: () => void): () => void {
    const event: Event = { at: time + Math.max(0, ms), order: made++, run };
    push(heap, event);
    return () => void (event.run = undefined);
  }

  function step(): boolean {
    const event = pop(heap);
    if (!event) return false;
    time = event.at;
    event.run?.();
    return true;
  }

  function runUntil(done: () => boolean, maxEvents = 200_000_000): void {
    for (let count = 0; !done(); count++) {
      if (count >= maxEvents) throw new Error(`virtual time: not done after ${maxEvents} events`);
      if (!step()) return;
    }
  }

  return { now: () => time, after, step, runUntil };
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (!a || !b) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  heap.push(event);
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isBefore(heap[child], heap[parent])) return;
    swap(heap, child, parent);
    child = parent;
  }
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  heap[0] = last;
  let parent = 0;
  for (;;) {
    const left = 2 * parent + 1;
    const least = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!isBefore(heap[least], heap[parent])) return first;
    swap(heap, parent, least);
    parent = least;
  }
}

function swap(heap: Event[], a: number, b: number): void {
  const x = heap[a];
  const y = heap[b];
  if (!x || !y) return;
  heap[a] = y;
  heap[b] = x;
}
