/**
 * Packets for the other thread: one batch is on its way at a time, and what comes meanwhile makes the next.
 * So a lone packet goes at once, and a busy link costs a message per batch instead of one per packet.
 */
import type { ChannelName } from "../../shared/net/link.ts";
import type { Batch, Packet } from "./link-messages.ts";

export interface Batches {
  add(packet: Packet): void;
  /** The other thread has taken the last batch. */
  taken(): void;
  /** Sends what waits without waiting. */
  flush(): void;
  /** Not yet taken. */
  pendingBytes(channel: ChannelName): number;
}

export function createBatches(port: MessagePort): Batches {
  let waiting: Packet[] = [];
  let waitingBytes = { fragments: 0, control: 0 };
  let onItsWayBytes = { fragments: 0, control: 0 };
  let isOnItsWay = false;

  function flush(): void {
    if (waiting.length === 0) return;
    const batch: Batch = { type: "packets", packets: waiting };
    const buffers = waiting.flatMap(({ data }) => (typeof data === "string" ? [] : [data]));
    waiting = [];
    onItsWayBytes = waitingBytes;
    waitingBytes = { fragments: 0, control: 0 };
    isOnItsWay = true;
    port.postMessage(batch, buffers);
  }

  return {
    add: (packet) => {
      waiting.push(packet);
      waitingBytes[packet.channel] += byteLength(packet.data);
      if (!isOnItsWay) flush();
    },
    taken: () => {
      isOnItsWay = false;
      onItsWayBytes = { fragments: 0, control: 0 };
      flush();
    },
    flush,
    pendingBytes: (channel) => waitingBytes[channel] + onItsWayBytes[channel],
  };
}

/** Of text an estimate: what is counted is memory, not what travels. */
function byteLength(data: Packet["data"]): number {
  return typeof data === "string" ? data.length : data.byteLength;
}
