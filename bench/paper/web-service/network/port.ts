/** A port: a queue and a line that sends one packet after the other. */
import type { Clock } from "../../../../shared/core/clock.ts";
import type { PortQueue } from "./discipline.ts";
import type { Packet } from "./packet.ts";

export interface PortOptions {
  readonly time: Clock;
  readonly queue: PortQueue;
  readonly gigabitsPerSecond: number;
  /** A web packet that finds more than this waiting is marked. */
  readonly markAboveBytes: number;
  /** The last bit has left. */
  readonly onSent: (packet: Packet) => void;
}

export interface Port {
  /** False: the packet was dropped. */
  send(packet: Packet): boolean;
  /** Waiting or being sent. */
  holds(isWeb: boolean): number;
}

export function createPort({ time, queue, gigabitsPerSecond, markAboveBytes, onSent }: PortOptions): Port {
  const msPerByte = 8 / (gigabitsPerSecond * 1e6);
  let sending: Packet | undefined;

  function send(packet: Packet): boolean {
    if (packet.isWeb && queue.waitingBytes() > markAboveBytes) packet.isMarked = true;
    if (!queue.offer(packet)) return false;
    if (!sending) sendNext();
    return true;
  }

  function sendNext(): void {
    sending = queue.take();
    if (sending) time.after(sending.bytes * msPerByte, finish);
  }

  function finish(): void {
    const sent = sending;
    sendNext();
    if (sent) onSent(sent);
  }

  const holds = (isWeb: boolean) => queue.waitingCount(isWeb) + (sending?.isWeb === isWeb ? 1 : 0);
  return { send, holds };
}
