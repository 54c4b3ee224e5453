/** First in, first out; both ends in constant time. */
import type { Packet } from "./packet.ts";

export interface Fifo {
  push(packet: Packet): void;
  shift(): Packet | undefined;
  first(): Packet | undefined;
  bytes(): number;
  count(): number;
}

/** Taken packets are cut off the array's start when there are this many. */
const cutAfter = 256;

export function createFifo(): Fifo {
  let packets: Packet[] = [];
  let head = 0;
  let bytes = 0;

  function push(packet: Packet): void {
    packets.push(packet);
    bytes += packet.bytes;
  }

  function shift(): Packet | undefined {
    const packet = packets[head];
    if (!packet) return undefined;
    bytes -= packet.bytes;
    head++;
    if (head >= cutAfter) {
      packets = packets.slice(head);
      head = 0;
    }
    return packet;
  }

  return { push, shift, first: () => packets[head], bytes: () => bytes, count: () => packets.length - head };
}
