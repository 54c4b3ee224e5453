/**
 * A small NAT: one UDP port on the loopback that stands for one remote address. Whoever sends to it gets a
 * socket of their own towards the remote, and what the remote answers there comes back from the same port.
 */
import { createSocket } from "node:dgram";
import type { RemoteInfo, Socket } from "node:dgram";
import { once } from "node:events";

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface UdpRelay {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): void;
}

/** Passes a packet on by calling `forward`: now, later, twice or never. */
export type Passage = (packet: Uint8Array, forward: () => void) => void;

/** An agent has a socket per interface at most; more senders than that are not ours. */
const maxSenders = 32;

export async function openUdpRelay(
  remote: Address,
  passage: { readonly outward: Passage; readonly inward: Passage },
): Promise<UdpRelay> {
  const near = createSocket("udp4");
  const farOf = new Map<string, Socket>();
  let closed = false;

  function far(local: RemoteInfo): Socket | undefined {
    const key = `${local.address}:${local.port}`;
    const known = farOf.get(key);
    if (known || farOf.size >= maxSenders) return known;
    const socket = createSocket("udp4");
    socket.on("error", ignore);
    socket.on("message", (packet, from) => {
      if (from.address !== remote.address || from.port !== remote.port) return;
      passage.inward(packet, () => sendUnlessClosed(near, packet, local));
    });
    farOf.set(key, socket);
    return socket;
  }

  function sendUnlessClosed(socket: Socket, packet: Uint8Array, to: Address): void {
    if (!closed) socket.send(packet, to.port, to.address, ignore);
  }

  near.on("error", ignore);
  near.on("message", (packet, local) => {
    const socket = far(local);
    if (socket) passage.outward(packet, () => sendUnlessClosed(socket, packet, remote));
  });
  near.bind(0, "127.0.0.1");
  await once(near, "listening");

  return {
    port: near.address().port,
    close: () => {
      closed = true;
      for (const socket of [near, ...farOf.values()]) socket.close();
    },
  };
}

/** UDP promises nothing: a packet that cannot be sent is a lost packet. */
function ignore(): void {}
