/** A server with many peers asks each of them for fewer reports. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { limits } from "../../shared/net/messages.ts";
import { reportIntervalMs, reportsPerSecond } from "../../signaling-server/report-interval.ts";
import { pause } from "../labs/real-time.ts";
import { joined, next, peerReport, startServer, testTask } from "./fixture.ts";

test("a second between reports, until there are too many; eight at the most", () => {
  const intervals = [0, 1, 500, 501, 1_000, 1_001, 4_000, 12_000].map(reportIntervalMs);
  assert.deepEqual(intervals, [1_000, 1_000, 1_000, 2_000, 2_000, 3_000, 8_000, 8_000]);
  const lesser = [1_000, 901, 900, 500, 451, 450].map((peers) => reportIntervalMs(peers, 3_000));
  assert.deepEqual(
    lesser,
    [3_000, 3_000, 2_000, 2_000, 2_000, 1_000],
    "of one who comes and goes nobody is told",
  );
});

test("who joins is told, and who reports when it has changed, and not again", async (t) => {
  const rooms = Math.ceil((reportsPerSecond + 1) / limits.membersPerRoom);
  const tasks = Object.fromEntries(Array.from({ length: rooms }, (_, at) => [`room-${at}`, testTask()]));
  const server = await startServer(t, { tasks, socketsPerAddress: 2 * reportsPerSecond });
  const open = (number: number) => joined(t, server, number, { room: `room-${number % rooms}` });
  const first = await open(0);
  const told: number[] = [];
  first.socket.on("pace", ({ reportMs }) => told.push(reportMs));
  assert.equal(first.welcome.reportMs, 1_000);
  const others: Awaited<ReturnType<typeof open>>[] = [];
  for (let number = 1; number < reportsPerSecond; number += 1) others.push(await open(number));

  const last = await open(reportsPerSecond);
  assert.equal(last.welcome.reportMs, 2_000);
  assert.deepEqual(told, [], "nobody is told unasked");
  for (let again = 0; again < 2; again += 1) first.socket.emit("report", peerReport());
  assert.equal((await next(first.socket, "pace")).reportMs, 2_000);

  const tenth = reportsPerSecond / 10;
  for (const { socket } of [last, ...others.slice(-tenth)]) socket.disconnect();
  const peers = () => server.status().rooms.reduce((sum, room) => sum + room.peers.length, 0);
  while (peers() > reportsPerSecond - tenth) await pause(10);
  // Their connections close a little after they have left.
  for (let reports = 0; reports < 100 && told.length < 2; reports += 1) {
    first.socket.emit("report", peerReport());
    await pause(100);
  }
  assert.deepEqual(told, [2_000, 1_000]);
});

test("the first of a crowd is told how large it is while the others are still at the door", async (t) => {
  const server = await startServer(t, { socketsPerAddress: 2 * reportsPerSecond });
  const atTheDoor = Array.from({ length: reportsPerSecond }, () => connect(server.port, "127.0.0.1"));
  t.after(() => atTheDoor.forEach((socket) => socket.destroy()));
  await Promise.all(atTheDoor.map((socket) => once(socket, "connect")));
  assert.equal((await joined(t, server, 0)).welcome.reportMs, 2_000);
});
