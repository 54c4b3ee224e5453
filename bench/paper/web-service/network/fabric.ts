/**
 * Servers around one switch. A packet waits twice: in its server's port, then in the switch's port towards
 * its target. Lines and the switch add no delay of their own, a switch port is as fast as a server's.
 */
import type { Clock } from "../../../../shared/core/clock.ts";
import { createPortQueue } from "./discipline.ts";
import type { Discipline } from "./discipline.ts";
import type { Packet } from "./packet.ts";
import { createPort } from "./port.ts";
import type { Port } from "./port.ts";

export interface FabricOptions {
  readonly time: Clock;
  readonly servers: number;
  readonly gigabitsPerSecond: number;
  readonly bufferBytes: number;
  readonly markAboveBytes: number;
  readonly discipline: Discipline;
}

/** Of one class: `sent` is always the sum of the other three. */
export interface PacketCounts {
  readonly sent: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly held: number;
}

export interface Fabric {
  send(packet: Packet): void;
  counts(isWeb: boolean): PacketCounts;
}

export function createFabric(options: FabricOptions): Fabric {
  const tally = {
    web: { sent: 0, delivered: 0, dropped: 0 },
    learning: { sent: 0, delivered: 0, dropped: 0 },
  };
  const ofClass = (isWeb: boolean) => (isWeb ? tally.web : tally.learning);
  const toServers = portPerServer(deliver);
  const fromServers = portPerServer((packet) => forward(toServers[packet.target], packet));

  function portPerServer(onSent: (packet: Packet) => void): readonly Port[] {
    return Array.from({ length: options.servers }, () => {
      const queue = createPortQueue(options.discipline, options.bufferBytes);
      return createPort({ ...options, queue, onSent });
    });
  }

  function send(packet: Packet): void {
    ofClass(packet.isWeb).sent++;
    forward(fromServers[packet.source], packet);
  }

  function forward(port: Port | undefined, packet: Packet): void {
    if (port?.send(packet)) return;
    ofClass(packet.isWeb).dropped++;
    packet.owner.dropped(packet);
  }

  function deliver(packet: Packet): void {
    ofClass(packet.isWeb).delivered++;
    packet.owner.delivered(packet);
  }

  function counts(isWeb: boolean): PacketCounts {
    const ports = [...fromServers, ...toServers];
    return { ...ofClass(isWeb), held: ports.reduce((sum, port) => sum + port.holds(isWeb), 0) };
  }

  return { send, counts };
}
