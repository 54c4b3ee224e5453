/** Who comes back is told of together with others, and in time for whatever follows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { RosterEntry } from "../../shared/net/messages.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { arrivalsMs, createArrivals } from "../../signaling-server/arrivals.ts";
import { restartMs } from "../../signaling-server/views.ts";
import { joined, next, offerTo, peerIdOf, startServer } from "./fixture.ts";

const entry = (number: number): RosterEntry => ({
  peerId: peerIdOf(number),
  name: `peer ${number}`,
  kind: "node",
});

test("those who were there hear of all, each of these of the ones after it, once", () => {
  const arrivals = createArrivals();
  const old = [peerIdOf(8), peerIdOf(9)];
  for (const [at, number] of [1, 2, 3].entries()) {
    const to = [...old, ...[1, 2, 3].slice(0, at).map(peerIdOf)];
    arrivals.add({ event: "joined", to, data: { peers: [entry(number)] } });
  }
  assert.deepEqual([arrivals.has(peerIdOf(2)), arrivals.has(peerIdOf(8))], [true, false]);
  assert.deepEqual(arrivals.take(), [
    { event: "joined", to: old, data: { peers: [1, 2, 3].map(entry) } },
    { event: "joined", to: [peerIdOf(1)], data: { peers: [2, 3].map(entry) } },
    { event: "joined", to: [peerIdOf(2)], data: { peers: [entry(3)] } },
  ]);
  assert.deepEqual(arrivals.take(), []);
  assert.equal(arrivals.has(peerIdOf(2)), false);
});

/** A server that was restarted, on whose clock no time passes; one newcomer is there and hears what is said. */
async function restarted(t: TestContext) {
  const time = createVirtualTime();
  const server = await startServer(t, { clock: time });
  const witness = await joined(t, server, 1);
  const heard: string[] = [];
  witness.socket.on("joined", ({ peers }) => heard.push(`joined ${peers.map(({ name }) => name).join()}`));
  witness.socket.on("signal", () => heard.push("signal"));
  witness.socket.on("left", () => heard.push("left"));
  const back = (number: number) => joined(t, server, number, { resume: { epoch: 4, round: 50 } });
  return { server, time, witness, heard, back };
}

test("nobody's signal comes before its name", async (t) => {
  const { witness, heard, back } = await restarted(t);
  await back(2);
  const third = await back(3);
  const signal = next(witness.socket, "signal");
  third.socket.emit("signal", offerTo(witness.peerId));
  await signal;
  assert.deepEqual(heard, ["joined peer 2,peer 3", "signal"]);
});

test("nobody goes before it was named, and newcomers are told of at once", async (t) => {
  const { server, witness, heard, back } = await restarted(t);
  const second = await back(2);
  const left = next(witness.socket, "left");
  second.socket.disconnect();
  await left;
  await back(3);
  const newcomer = next(witness.socket, "joined");
  await joined(t, server, 4);
  await newcomer;
  const again = next(witness.socket, "left");
  (await joined(t, server, 5)).socket.disconnect();
  await again;
  assert.deepEqual(heard, [
    "joined peer 2",
    "left",
    "joined peer 3",
    "joined peer 4",
    "joined peer 5",
    "left",
  ]);
});

test("it is said after four seconds, whatever else there is", async (t) => {
  const { time, witness, heard, back } = await restarted(t);
  const told = next(witness.socket, "joined");
  await back(2);
  time.runUntil(() => time.now() > arrivalsMs / 2);
  const answered = next(witness.socket, "refused");
  witness.socket.emit("signal", offerTo(peerIdOf(7)));
  await answered;
  assert.deepEqual(heard, [], "not at once");
  time.runUntil(() => time.now() > arrivalsMs);
  assert.deepEqual((await told).peers, [entry(2)]);
});

test("a view comes after the names of its members", async (t) => {
  const { time, witness, heard, back } = await restarted(t);
  witness.socket.on("view", ({ members }) => heard.push(`view of ${members.length}`));
  const view = next(witness.socket, "view");
  await back(2);
  time.runUntil(() => time.now() > arrivalsMs);
  await back(3);
  time.runUntil(() => time.now() > restartMs);
  await view;
  assert.deepEqual(heard, ["joined peer 2", "joined peer 3", "view of 2"]);
});

test("whose training takes a newcomer's place: the end of that one first, then their names, then their view", async (t) => {
  const { time, witness, heard, back } = await restarted(t);
  witness.socket.on("view", ({ members }) => heard.push(`view of ${members.length}`));
  const began = next(witness.socket, "view");
  witness.socket.emit("ready", { round: 0 });
  // A later event's answer says that the earlier one was taken.
  const answered = next(witness.socket, "refused");
  witness.socket.emit("signal", offerTo(peerIdOf(7)));
  await answered;
  time.runUntil(() => time.now() > restartMs / 2);
  await began;
  const ended = next(witness.socket, "view");
  await back(2);
  await back(3);
  assert.deepEqual((await ended).members, []);
  const view = next(witness.socket, "view");
  time.runUntil(() => time.now() > 2 * restartMs);
  assert.deepEqual((await view).members, [peerIdOf(2), peerIdOf(3)]);
  assert.deepEqual(heard, ["view of 1", "view of 0", "joined peer 2,peer 3", "view of 2"]);
});

test("who pauses before it was named is named all the same, and in no view", async (t) => {
  const { time, witness, heard, back } = await restarted(t);
  const named = next(witness.socket, "joined");
  const second = await back(2);
  await back(3);
  second.socket.emit("pause");
  const answered = next(second.socket, "refused");
  second.socket.emit("signal", offerTo(peerIdOf(7)));
  await answered;
  const view = next(witness.socket, "view");
  time.runUntil(() => time.now() > restartMs);
  assert.deepEqual((await view).members, [peerIdOf(3)]);
  await named;
  assert.deepEqual(heard, ["joined peer 2,peer 3"]);
});
