/** A WebSocket down to its bytes: says what no library would, reads only when it is told to. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

export interface RawWebSocket {
  readonly tcp: Socket;
  /** One frame; false when the other end does not take them as fast. */
  send(text: string, opcode?: number): boolean;
}

const opcodes = { text: 1, ping: 9 } as const;
export const pingFrame: number = opcodes.ping;

/** Up to the namespace "/" of socket.io, reading on. Rejects when it is not let in. */
export async function openRaw(port: number, localAddress = "127.0.0.1"): Promise<RawWebSocket> {
  const tcp = connect({ host: "127.0.0.1", port, localAddress });
  tcp.on("error", () => undefined);
  tcp.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  await until(tcp, "0{");
  const send = (text: string, opcode: number = opcodes.text) => tcp.write(frameOf(text, opcode));
  send("40");
  await until(tcp, "40{");
  return { tcp, send };
}

/** Waits until `text` has come; what comes is not kept otherwise. */
async function until(tcp: Socket, text: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  const ended = new AbortController();
  tcp.once("close", () => ended.abort());
  for (let seen = ""; !seen.includes(text);) {
    const [chunk] = await once(tcp, "data", { signal: AbortSignal.any([signal, ended.signal]) });
    seen += String(chunk);
  }
  tcp.resume();
}

/** Masked with zeros, which is a mask like any other. */
export function frameOf(text: string, opcode: number = opcodes.text): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | body.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}
