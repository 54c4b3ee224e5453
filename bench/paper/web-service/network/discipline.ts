/**
 * How a port treats the two classes. All three can be turned from "alike" to "web first" by degrees:
 * - `shared`: one queue for both. A learning packet is let in only while what waits, of either class, stays
 *   within `learningLimitBytes`: a limit as large as the buffer is no priority at all, a limit of one packet
 *   lets learning in only where nothing waits.
 * - `weighted`: a queue for each class, served by deficit round robin; web may send `webWeight` times as
 *   much as learning while both wait.
 * - `strict`: a queue for each class; learning is served only while no web packet waits.
 * With two queues the web's holds `bufferBytes`, learning's `learningLimitBytes`.
 */
import { createFifo } from "./fifo.ts";
import type { Packet } from "./packet.ts";

export type Discipline =
  | { readonly kind: "shared"; readonly learningLimitBytes: number }
  | { readonly kind: "weighted"; readonly learningLimitBytes: number; readonly webWeight: number }
  | { readonly kind: "strict"; readonly learningLimitBytes: number };

export interface PortQueue {
  /** False: the packet is dropped. */
  offer(packet: Packet): boolean;
  take(): Packet | undefined;
  /** Of both classes. The packet that is being sent no longer waits. */
  waitingBytes(): number;
  waitingCount(isWeb: boolean): number;
}

export function createPortQueue(discipline: Discipline, bufferBytes: number): PortQueue {
  return discipline.kind === "shared"
    ? createSharedQueue(bufferBytes, discipline.learningLimitBytes)
    : createClassQueues(discipline, bufferBytes);
}

function createSharedQueue(bufferBytes: number, learningLimitBytes: number): PortQueue {
  const fifo = createFifo();
  const waiting = { web: 0, learning: 0 };
  const learningLimit = Math.min(learningLimitBytes, bufferBytes);

  function offer(packet: Packet): boolean {
    if (fifo.bytes() + packet.bytes > (packet.isWeb ? bufferBytes : learningLimit)) return false;
    waiting[packet.isWeb ? "web" : "learning"]++;
    fifo.push(packet);
    return true;
  }

  function take(): Packet | undefined {
    const packet = fifo.shift();
    if (packet) waiting[packet.isWeb ? "web" : "learning"]--;
    return packet;
  }

  const waitingCount = (isWeb: boolean) => waiting[isWeb ? "web" : "learning"];
  return { offer, take, waitingBytes: fifo.bytes, waitingCount };
}

/** What a class may send in its turn, times its weight: a full packet. */
const quantumBytes = 1500;

function createClassQueues(
  discipline: Exclude<Discipline, { kind: "shared" }>,
  bufferBytes: number,
): PortQueue {
  const web = createFifo();
  const learning = createFifo();
  const weight = discipline.kind === "weighted" ? discipline.webWeight : Infinity;
  let isWebsTurn = false;
  let webCredit = 0;
  let learningCredit = 0;

  function offer(packet: Packet): boolean {
    const fifo = packet.isWeb ? web : learning;
    const limit = packet.isWeb ? bufferBytes : discipline.learningLimitBytes;
    if (fifo.bytes() + packet.bytes > limit) return false;
    fifo.push(packet);
    return true;
  }

  function take(): Packet | undefined {
    const ofWeb = web.first();
    const ofLearning = learning.first();
    if (ofWeb && ofLearning) return takeInTurn(ofWeb.bytes, ofLearning.bytes);
    // Nobody saves credit up for the time when both wait; then web begins.
    isWebsTurn = false;
    webCredit = learningCredit = 0;
    return ofWeb ? web.shift() : learning.shift();
  }

  function takeInTurn(webBytes: number, learningBytes: number): Packet | undefined {
    for (;;) {
      if (isWebsTurn && webCredit >= webBytes) {
        webCredit -= webBytes;
        return web.shift();
      }
      if (!isWebsTurn && learningCredit >= learningBytes) {
        learningCredit -= learningBytes;
        return learning.shift();
      }
      isWebsTurn = !isWebsTurn;
      if (isWebsTurn) webCredit += quantumBytes * weight;
      else learningCredit += quantumBytes;
    }
  }

  return {
    offer,
    take,
    waitingBytes: () => web.bytes() + learning.bytes(),
    waitingCount: (isWeb) => (isWeb ? web : learning).count(),
  };
}
