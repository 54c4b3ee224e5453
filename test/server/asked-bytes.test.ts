/** Bytes that a socket is asked for are no flood; those that it does not send are not its to keep. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { createSocketLimits } from "../../signaling-server/socket-limits.ts";
import type { Connection } from "../../signaling-server/socket-limits.ts";
import { createTurns } from "../../signaling-server/turns.ts";
import { frameOf, openRaw } from "../labs/raw-websocket.ts";
import { within } from "../labs/real-time.ts";
import { portOf } from "./fixture.ts";

const mebibyte = 2 ** 20;
/** At once, for no reason. */
const allowed = 4 * mebibyte;
/** Events that nobody listens for. */
const frame = frameOf(`42["x","${"x".repeat(8_000)}"]`);

test("what was asked for of a socket counts as none, and what did not come of it is taken back", async (t) => {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  const offences: string[] = [];
  // Time stands still: nothing is forgiven meanwhile.
  const limits = createSocketLimits({
    clock: { now: () => 0, after: () => () => undefined },
    turns: createTurns(setImmediate),
    onOffence: (_, offence) => offences.push(offence),
    onSpent: () => undefined,
  });
  const opened = new Promise<Connection>((resolve) =>
    io.engine.on("connection", (connection: Connection) => {
      limits.watch(connection);
      resolve(connection);
    }),
  );
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => io.close());
  const peer = await openRaw(portOf(http));
  t.after(() => peer.tcp.destroy());
  const connection = await opened;
  const { socket } = connection.request;
  const closed = new Promise<"closed">((resolve) => peer.tcp.once("close", () => resolve("closed")));
  const send = async (bytes: number) => {
    const until = socket.bytesRead + bytes;
    peer.tcp.write(Buffer.concat(Array.from({ length: Math.ceil(bytes / frame.length) }, () => frame)));
    while (!socket.destroyed && socket.bytesRead < until) await new Promise(setImmediate);
  };

  const takeBack = limits.expect(connection, 3 * mebibyte);
  await send(mebibyte);
  takeBack();
  for (let asks = 0; asks < 10; asks++) limits.expect(connection, mebibyte)();
  // Of two requests at once the second one alone counts; what came is not taken off both.
  const both = [limits.expect(connection, mebibyte), limits.expect(connection, mebibyte)];
  await send(mebibyte);
  for (const takeBackOne of both) takeBackOne();
  await send(allowed - mebibyte / 8);
  assert.deepEqual(offences, []);
  await send(mebibyte / 4);
  assert.equal(await within(2_000, "an end", closed), "closed");
  assert.deepEqual(offences, ["flood"]);
});
