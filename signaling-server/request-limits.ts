/**
 * What HTTP may cost, before anything looks at a request: so many of one address, and one at a time on a
 * connection. Node hands over every request of a piece that it has read, hundreds in 64 KiB, whether anybody
 * reads the answers or not; no browser sends a second request before it has the answer to the first.
 */
import type { Server } from "node:http";
import { clientOf } from "./client-address.ts";

export interface RequestLimits {
  readonly mayAsk: (address: string) => boolean;
  readonly onRefused: () => void;
}

const sentence = "Too many requests from this address: try again in a second.";

/** Stands before whoever listens for requests by now. */
export function limitRequests(http: Server, { mayAsk, onRefused }: RequestLimits): void {
  const listeners = http.listeners("request");
  http.removeAllListeners("request");
  http.on("request", (request, response) => {
    const { socket } = request;
    // The rest of a piece comes here all the same.
    if (socket.destroyed) return;
    // An answer is still under way.
    if (response.socket === null) {
      socket.destroy();
      onRefused();
    } else if (mayAsk(clientOf(request))) {
      for (const listener of listeners) Reflect.apply(listener, http, [request, response]);
    } else {
      onRefused();
      const headers = { "Retry-After": "1", "Cache-Control": "no-store", Connection: "close" };
      response.writeHead(429, { ...headers, "Content-Type": "application/json; charset=utf-8" });
      response.end(JSON.stringify({ error: sentence }));
    }
  });
}
