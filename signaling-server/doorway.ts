/**
 * Counts connections before a byte of them is read: one address has so many open and no more, whatever they
 * are for and however slowly they speak.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { isProxy, networkOf } from "./client-address.ts";

export interface DoorwayOptions {
  /** Of any kind, open at once; a proxy on this machine may have as many as it likes. */
  readonly connectionsPerAddress: number;
}

/** The open connections, upgraded ones too: http forgets those. */
export function watchDoor(http: Server, { connectionsPerAddress }: DoorwayOptions): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  /** By address; only those who have any. */
  const counts = new Map<string, number>();

  http.prependListener("connection", (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? "");
    const count = counts.get(address) ?? 0;
    if (count >= connectionsPerAddress && !isProxy(address)) {
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  });
  return open;
}
