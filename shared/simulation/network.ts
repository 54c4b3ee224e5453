/**
 * Round machines joined by simulated paths in virtual time. Nothing here knows the algorithm: it moves
 * bytes and markers, calls `tick` when a machine asks for it, and hands out finished rounds.
 */
import { maxPacketBytes } from "../core/packet.ts";
import { createRng, mix } from "../core/rng.ts";
import type { AuditRequest } from "../core/audit.ts";
import type { EndMarker } from "../core/outbox.ts";
import type { RoundMachine, RoundResult } from "../core/round.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { createPath } from "./weather.ts";
import type { Path, Weather } from "./weather.ts";

/** A marker that is lost is retransmitted after this, as SCTP does. */
const retransmitMs = 200;

/** Packets on the same way that arrive together, one after the other in `bytes`. */
interface Flight {
  readonly delayMs: number;
  readonly bytes: Uint8Array;
  readonly lengths: number[];
  used: number;
}

const flightBytes = 64 * maxPacketBytes;

export interface SimulatedPeer {
  readonly peerId: string;
  readonly machine: RoundMachine;
  onResult(result: RoundResult): void;
}

export interface SimulatedNetwork {
  add(peer: SimulatedPeer): void;
  /** A peer vanishes without a word; its links notice after `noticeMs` (never, by default). */
  kill(peerId: string, noticeMs?: number): void;
  begin(peerId: string, round: number, values: Float32Array, listen?: boolean, kept?: Float32Array): void;
  /** Sends what peers have to send and re-arms their timers; call after touching a machine by hand. */
  settle(peerId: string): void;
  readonly packetsSent: number;
}

export function createSimulatedNetwork(options: {
  readonly time: VirtualTime;
  readonly seed: number;
  readonly weatherOf: (from: string, to: string) => Weather;
  /** Nothing reaches a peer that is cut off, and nothing of its gets out; asked at every sending. */
  readonly isCutOff?: (peerId: string) => boolean;
  /** Sees every packet that is handed to a path, and may change it in place: for tests that look at the wire, and for liars. */
  readonly onSend?: (from: string, to: string, bytes: Uint8Array) => void;
  /** Sees every packet that a path hands to a machine. */
  readonly onReceive?: (from: string, to: string) => void;
}): SimulatedNetwork {
  const { time } = options;
  const peers = new Map<string, SimulatedPeer>();
  /** Where each peer can send to. */
  const paths = new Map<string, { readonly to: string; readonly path: Path }[]>();
  const wakes = new Map<string, { at: number; cancel: () => void }>();
  const scratch = new Uint8Array(maxPacketBytes);
  /** To be flown again: an allocation for each packet would cost more than what is done with it. */
  const idle: Uint8Array[] = [];
  const markerRng = createRng(mix(options.seed, 0x6d61726b));
  let packetsSent = 0;

  function add(peer: SimulatedPeer): void {
    for (const [index, other] of [...peers.values()].entries()) {
      connect(peer, other, index, peers.size);
      connect(other, peer, peers.size, index);
    }
    peers.set(peer.peerId, peer);
  }

  function connect(from: SimulatedPeer, to: SimulatedPeer, i: number, j: number): void {
    const weather = options.weatherOf(from.peerId, to.peerId);
    const path = createPath(weather, createRng(mix(options.seed, i, j)));
    paths.set(from.peerId, [...(paths.get(from.peerId) ?? []), { to: to.peerId, path }]);
    from.machine.linkOpened(to.peerId);
  }

  const isOpen = (from: string, to: string) => !options.isCutOff?.(from) && !options.isCutOff?.(to);

  function settle(peerId: string): void {
    const peer = peers.get(peerId);
    if (!peer) return;
    for (const { to, path } of paths.get(peerId) ?? []) sendPackets(peer, to, path);
    for (let next = peer.machine.nextMarker(); next; next = peer.machine.nextMarker()) {
      sendMarker(peerId, next.to, next.marker);
    }
    for (let next = peer.machine.nextRequest(); next; next = peer.machine.nextRequest())
      sendRequest(peerId, next.to, next.request);
    const result = peer.machine.takeResult();
    if (result) peer.onResult(result);
    arm(peer);
  }

  function sendPackets(peer: SimulatedPeer, to: string, path: Path): void {
    const open = isOpen(peer.peerId, to);
    /** Those that arrive together, told to the other end at once: it is what makes large models bearable. */
    let flight: Flight | undefined;
    for (;;) {
      const length = peer.machine.nextPacket(to, scratch);
      if (length === 0) return;
      packetsSent += 1;
      options.onSend?.(peer.peerId, to, scratch.subarray(0, length));
      for (const delayMs of open ? path.fate() : []) {
        if (flight?.delayMs !== delayMs || flight.used + length > flightBytes) {
          const next: Flight = {
            delayMs,
            bytes: idle.pop() ?? new Uint8Array(flightBytes),
            lengths: [],
            used: 0,
          };
          time.after(delayMs, () => arrive(peer.peerId, to, next));
          flight = next;
        }
        flight.bytes.set(scratch.subarray(0, length), flight.used);
        flight.used += length;
        flight.lengths.push(length);
      }
    }
  }

  function arrive(from: string, to: string, { bytes, lengths }: Flight): void {
    const peer = peers.get(to);
    let at = 0;
    for (const length of lengths) {
      if (peer) options.onReceive?.(from, to);
      peer?.machine.receive(from, bytes.subarray(at, at + length), time.now());
      at += length;
    }
    // A machine keeps none of the bytes that it is shown.
    idle.push(bytes);
    if (peer) settle(to);
  }

  function sendMarker(from: string, to: string, marker: EndMarker): void {
    control(from, to, (machine) => machine.endOfPhase(from, marker, time.now()));
  }

  function sendRequest(from: string, to: string, request: AuditRequest): void {
    control(from, to, (machine) => machine.audited(from, request));
  }

  function control(from: string, to: string, deliver: (machine: RoundMachine) => void): void {
    if (!isOpen(from, to)) return;
    const weather = options.weatherOf(from, to);
    let delayMs = weather.delayMs + weather.jitterMs;
    while (markerRng.float() < Math.min(0.9, weather.loss)) delayMs += retransmitMs;
    time.after(delayMs, () => {
      const machine = peers.get(to)?.machine;
      if (machine) deliver(machine);
      settle(to);
    });
  }

  function arm(peer: SimulatedPeer): void {
    const at = peer.machine.wakeAt();
    const armed = wakes.get(peer.peerId);
    if (armed?.at === at) return;
    armed?.cancel();
    wakes.delete(peer.peerId);
    if (at === Infinity) return;
    const cancel = time.after(at - time.now(), () => {
      wakes.delete(peer.peerId);
      if (!peers.has(peer.peerId)) return;
      peer.machine.tick(time.now());
      settle(peer.peerId);
    });
    wakes.set(peer.peerId, { at, cancel });
  }

  return {
    add,
    kill(peerId, noticeMs) {
      peers.delete(peerId);
      wakes.get(peerId)?.cancel();
      if (noticeMs === undefined) return;
      time.after(noticeMs, () => {
        for (const peer of peers.values()) {
          peer.machine.linkClosed(peerId, time.now());
          settle(peer.peerId);
        }
      });
    },
    begin(peerId, round, values, listen, kept) {
      peers.get(peerId)?.machine.begin(round, values, time.now(), listen, kept);
      settle(peerId);
    },
    settle,
    get packetsSent() {
      return packetsSent;
    },
  };
}
