/** A TCP connection that can be cut, between a peer and its server. */
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

export interface TcpRelay {
  readonly port: number;
  /** Every connection of this moment breaks; new ones are let through. */
  cut(): void;
  /** Nothing passes any more, and nobody is told: a cable that was pulled. */
  mute(): void;
  /** The near ends break, the far ends are told nothing: a machine that has another address now. */
  strand(): void;
  /** Connections break at once, new ones too, until `lift`. */
  block(): void;
  lift(): void;
  close(): void;
}

export async function openTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let isBlocked = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((near) => {
    if (isBlocked) {
      near.destroy();
      return;
    }
    const far = keep(connect(targetPort, "127.0.0.1"));
    keep(near).pipe(far).pipe(near);
    pairs.set(near, far);
    near.on("close", () => pairs.delete(near) && far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the relay has no port");
  return {
    port: address.port,
    cut,
    mute() {
      isBlocked = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    strand() {
      for (const [near, far] of pairs) {
        pairs.delete(near);
        near.unpipe().destroy();
        far.unpipe().pause();
      }
    },
    block() {
      isBlocked = true;
      cut();
    },
    lift: () => void (isBlocked = false),
    close() {
      cut();
      server.close();
    },
  };
}
