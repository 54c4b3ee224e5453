/**
 * A simplified TCP for one message. The connection is up already; its window starts afresh. Every data packet
 * is acknowledged by one of its own, cumulatively, with the sender's time stamp and the mark echoed. Left out:
 * selective acknowledgements, delayed ones, limited transmit, tail-loss probes.
 */
import { createCongestionWindow } from "./congestion-window.ts";
import type { Packet, PacketOwner } from "./packet.ts";
import { createRoundTripTimer } from "./round-trip-timer.ts";
import { createArrivals, headerBytes, packetBytes, packetCount } from "./transport.ts";
import type { Carrier, Message, TransportOptions } from "./transport.ts";

/** No smaller frame exists. */
const acknowledgementBytes = Math.max(64, headerBytes);
const duplicatesForLoss = 3;

export function sendByTcp({ time, send }: Carrier, options: TransportOptions, message: Message): void {
  const total = packetCount(message.bytes);
  const arrivals = createArrivals(total, message.onComplete);
  const window = createCongestionWindow(options.initialWindow);
  const timer = createRoundTripTimer(time, options.minRtoMs, onTimeout);
  let missing = 0;
  let next = 0;
  let highest = 0;
  let duplicates = 0;
  /** Losses below it are those of a recovery or time-out that has been dealt with. */
  let knownUntil = 0;

  const receiver: PacketOwner = {
    delivered(packet) {
      arrivals.add(packet.number);
      acknowledge(packet);
    },
    dropped: () => undefined,
  };
  const sender: PacketOwner = { delivered: onAcknowledgement, dropped: () => undefined };

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
      owner: receiver,
    };
    send(packet);
  }

  function acknowledge({ sentAtMs, isMarked }: Packet): void {
    const packet: Packet = {
      source: message.target,
      target: message.source,
      bytes: acknowledgementBytes,
      isWeb: true,
      number: arrivals.missing(),
      sentAtMs,
      hasEcho: isMarked,
      isMarked: false,
      owner: sender,
    };
    send(packet);
  }

  function sendWindow(): void {
    while (next < total && next - missing < window.packets()) transmit(next++);
    highest = Math.max(highest, next);
  }

  function onAcknowledgement({ number, sentAtMs, hasEcho }: Packet): void {
    if (missing === total || number < missing) return;
    timer.measured(time.now() - sentAtMs);
    if (options.kind === "dctcp") window.onEcho(hasEcho, number, next);
    if (number === missing) onDuplicate();
    else onProgress(number);
  }

  function onProgress(number: number): void {
    window.onAcknowledged(number - missing, number);
    missing = number;
    next = Math.max(next, missing);
    duplicates = 0;
    if (missing === total) return timer.stop();
    // Recovering still: the next hole is known by now.
    if (window.isRecovering()) transmit(missing);
    timer.start();
    sendWindow();
  }

  function onDuplicate(): void {
    duplicates++;
    if (window.isRecovering()) {
      window.onDuplicate();
      sendWindow();
    } else if (duplicates === duplicatesForLoss && missing >= knownUntil) {
      knownUntil = highest;
      window.startRecovery(next - missing, highest);
      transmit(missing);
      timer.start();
    }
  }

  function onTimeout(): void {
    window.onTimeout(next - missing);
    knownUntil = highest;
    duplicates = 0;
    next = missing;
    timer.start();
    sendWindow();
  }

  sendWindow();
  timer.start();
}
