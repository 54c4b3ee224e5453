/** What a transport could do at best: it keeps the line busy, overruns no queue for long, and always knows. */
import type { Packet, PacketOwner } from "./packet.ts";
import { createArrivals, packetBytes, packetCount } from "./transport.ts";
import type { Carrier, Message } from "./transport.ts";

const windowPackets = 16;
/** Before a dropped packet is sent again: about as long as eight packets take. */
const resendAfterMs = 0.1;

export function sendIdeally({ time, send }: Carrier, message: Message): void {
  const total = packetCount(message.bytes);
  const arrivals = createArrivals(total, message.onComplete);
  let next = 0;

  const owner: PacketOwner = {
    delivered(packet) {
      arrivals.add(packet.number);
      sendNext();
    },
    dropped: (packet) => void time.after(resendAfterMs, () => transmit(packet.number)),
  };

  function sendNext(): void {
    if (next < total) transmit(next++);
  }

  function transmit(number: number): void {
    const packet: Packet = {
      source: message.source,
      target: message.target,
      bytes: packetBytes(message.bytes, number),
      isWeb: true,
      number,
      sentAtMs: time.now(),
      hasEcho: false,
      isMarked: false,
      owner,
    };
    send(packet);
  }

  for (let count = 0; count < windowPackets; count++) sendNext();
}
