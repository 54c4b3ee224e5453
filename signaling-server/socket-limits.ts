/**
 * What one socket may cost, whatever it sends: bytes that come in (of socket.io's events, of what is none, of
 * WebSocket's own pings) and bytes that wait to go out to somebody who does not read. Above the limit the
 * connection is cut at once: a goodbye would leave the other end half a minute more. Below it, who sends much
 * at once is read piece by piece, with whatever else waits in between.
 */
import type { Socket } from "socket.io";
import type { Clock } from "../shared/core/clock.ts";
import { createTokenBucket } from "../shared/core/token-bucket.ts";
import type { TokenBucket } from "../shared/core/token-bucket.ts";
import { clientOf } from "./client-address.ts";
import type { Turns } from "./turns.ts";

/** The WebSocket below a socket.io socket. */
export type Connection = Socket["conn"];

/** Averages and bursts are far above what an honest peer sends: 20 kB a second beside 31 others. */
const bytesPerSecond = 131_072;
const byteBurst = 4_194_304;
/** In whatever namespaces of socket.io. */
export const eventsPerSecond = 200;
const eventBurst = 1_000;
/** What Node reads from a socket at once: a whole piece means that more is there. */
const pieceBytes = 65_536;
/** Waiting for a socket when one more packet is to be sent to it. */
const maxBacklogBytes = 1_048_576;
/** Waiting for it when others have something for it: far less, so that they cannot have it cut off. */
const othersBacklogBytes = 262_144;
const everyMs = 1_000;
/** socket.io's, for a namespace: each costs a socket and what it is told first. Ours need one. */
const connectPacket = "0";
const maxConnects = 2;
/** For the reason to arrive, where there is one. */
const lastWordMs = 500;

/** Counted among the events: too much came in, too much waits to go out, too much made no sense. */
export const offences = ["flood", "backlog", "expelled"] as const;
export type Offence = (typeof offences)[number];

export interface SocketLimits {
  watch(connection: Connection): void;
  /**
   * So many bytes were asked for: they count as none. What is returned takes back what did not come of them.
   * So does the next such call: what comes would otherwise be free for each of two requests.
   */
  expect(connection: Connection, bytes: number): () => void;
  /** For its events: taken from with each. */
  events(connection: Connection): TokenBucket;
  /** So much waits for it already that others' signals to it are better dropped. */
  isBehind(connection: Connection): boolean;
  /** Thrown out for what it said: gone soon, whatever it does. */
  expel(connection: Connection): void;
  close(): void;
}

interface Watched {
  readonly bucket: TokenBucket;
  /** Made with the first event: many sockets never say anything. */
  events: TokenBucket | null;
  /** Bytes that were counted. */
  read: number;
  /** Ends what it was granted for a request. */
  takeBack: () => void;
  /** Bytes in packets that were not handed to the WebSocket yet. */
  waiting: number;
  isOut: boolean;
}

export interface SocketLimitsOptions {
  readonly clock: Clock;
  readonly turns: Turns;
  /** Called once for each connection that is cut or expelled. */
  readonly onOffence: (connection: Connection, offence: Offence) => void;
  /** Of every other one once it is gone: the share that it had used of the bytes or events for one moment. */
  readonly onSpent: (connection: Connection, share: number) => void;
}

export function createSocketLimits({ clock, turns, onOffence, onSpent }: SocketLimitsOptions): SocketLimits {
  const watched = new Map<Connection, Watched>();
  let cancelBeat = clock.after(everyMs, beat);

  function beat(): void {
    cancelBeat = clock.after(everyMs, beat);
    for (const connection of watched.keys()) count(connection);
  }

  /** Of the TCP connection, so that nothing which it carries is free. */
  function count(connection: Connection): void {
    const it = watched.get(connection);
    if (!it) return;
    const { bytesRead } = connection.request.socket;
    const isWithin = it.bucket.take(clock.now(), bytesRead - it.read);
    it.read = bytesRead;
    if (!isWithin) cut(connection, "flood");
  }

  function cut(connection: Connection, offence: Offence): void {
    note(connection, offence);
    // At once: what was read along with it would still be carried out.
    connection.close(true);
    connection.request.socket.destroy();
  }

  function note(connection: Connection, offence: Offence): void {
    const it = watched.get(connection);
    if (!it || it.isOut) return;
    it.isOut = true;
    onOffence(connection, offence);
  }

  /** Of what it may send at once, beyond a second's: otherwise a new socket would be as good as time to recover. */
  function usedShare({ bucket, events }: Watched): number {
    const nextMs = clock.now() + everyMs;
    return Math.max(bucket.usedShare(nextMs), events?.usedShare(nextMs) ?? 0);
  }

  function backlogOf(connection: Connection): number {
    return (watched.get(connection)?.waiting ?? 0) + connection.request.socket.writableLength;
  }

  /** Its next piece when it is its address's turn. */
  function readOnLater(connection: Connection): void {
    const reader = readerOf(connection.request);
    reader?.pause();
    turns.wait(clientOf(connection.request), () => {
      // Who was thrown out is forgotten by now, and never read again.
      if (watched.get(connection)?.isOut === false) reader?.resume();
    });
  }

  return {
    watch(connection) {
      const bucket = createTokenBucket(bytesPerSecond, byteBurst);
      const it: Watched = {
        bucket,
        read: connection.request.socket.bytesRead,
        waiting: 0,
        takeBack: () => undefined,
        events: null,
        isOut: false,
      };
      watched.set(connection, it);
      let connects = 0;
      const { socket } = connection.request;
      socket.on("data", (piece: Uint8Array) => {
        if (piece.byteLength >= pieceBytes && !it.isOut) readOnLater(connection);
      });
      connection.on("packet", ({ data }: { readonly data?: unknown }) => {
        if (typeof data === "string" && data.startsWith(connectPacket)) connects += 1;
        if (connects > maxConnects) cut(connection, "flood");
        else count(connection);
      });
      connection.on("packetCreate", ({ data }: { readonly data?: unknown }) => {
        const isTooMuch = backlogOf(connection) > maxBacklogBytes;
        it.waiting += sizeOf(data);
        if (isTooMuch) cut(connection, "backlog");
      });
      connection.on("flush", () => (it.waiting = 0));
      connection.on("close", () => {
        count(connection);
        if (!it.isOut) onSpent(connection, usedShare(it));
        watched.delete(connection);
        // ws would wait half a minute for who does not answer the goodbye.
        if (!socket.destroyed) clock.after(lastWordMs, () => socket.destroy());
      });
    },
    expect(connection, bytes) {
      const it = watched.get(connection);
      if (!it) return () => undefined;
      it.takeBack();
      const { socket } = connection.request;
      const before = socket.bytesRead;
      const takeBack = () => {
        if (it.takeBack !== takeBack) return;
        it.takeBack = () => undefined;
        count(connection);
        it.bucket.spend(clock.now(), Math.max(0, bytes - (socket.bytesRead - before)), 0);
      };
      it.takeBack = takeBack;
      it.bucket.grant(bytes);
      return takeBack;
    },
    events(connection) {
      const it = watched.get(connection);
      const events = it?.events ?? createTokenBucket(eventsPerSecond, eventBurst);
      if (it) it.events = events;
      return events;
    },
    isBehind: (connection) => backlogOf(connection) > othersBacklogBytes,
    expel(connection) {
      note(connection, "expelled");
      stopReading(connection);
      clock.after(lastWordMs, () => connection.request.socket.destroy());
    },
    close: () => cancelBeat(),
  };
}

interface Reader {
  pause(): void;
  resume(): void;
}

/** The WebSocket that engine.io keeps with its request: pausing the TCP connection, ws would resume it. */
function readerOf(request: object): Reader | undefined {
  return "websocket" in request && isReader(request.websocket) ? request.websocket : undefined;
}

function isReader(it: unknown): it is Reader {
  return typeof it === "object" && it !== null && "pause" in it && "resume" in it;
}

/** What still comes is not parsed: a flood's tail would cost as much as its head. */
function stopReading({ request: { socket } }: Connection): void {
  socket.removeAllListeners("data");
  socket.pause();
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return data.length;
  return data instanceof Uint8Array ? data.byteLength : 0;
}
