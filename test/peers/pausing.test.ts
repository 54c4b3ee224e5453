import assert from "node:assert/strict";
import { test } from "node:test";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { watchLateness } from "../labs/lateness.ts";
import { pause } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import type { TestPeer } from "./room.ts";

const roomOf = (server: SignalingServer) => server.status().rooms[0] ?? assert.fail("no room");
const statusOf = (server: SignalingServer, { peerId }: TestPeer) =>
  roomOf(server).peers.find((peer) => peer.peerId === peerId);
const phasesOf = ({ events }: TestPeer) =>
  events.flatMap((event) => (event.kind === "phase" ? [event.phase] : []));

test("a peer that pauses is no member, keeps nobody waiting, and catches up when it resumes", async (t) => {
  const lateness = watchLateness(t);
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const [first, second, third] = await Promise.all([add(1), add(2), add(3)]);
  assert.ok(first && second && third);
  await first.until("20 rounds", () => first.results.length >= 20);
  const before = first.results.length;
  third.peer.pause();
  assert.equal(third.peer.snapshot().report.state, "paused");
  await first.until("a view without it", () => first.peer.snapshot().members === 2, 5_000);
  await first.until("20 more rounds", () => first.results.length >= before + 20);
  assert.deepEqual([statusOf(server, third)?.state, statusOf(server, third)?.member], ["paused", false]);
  const isWithoutIt = ({ epoch }: { readonly epoch: number }) => epoch === roomOf(server).epoch;
  const since = first.results.slice(before);
  assert.ok(since.every(({ roundMs, deadlineMs }) => roundMs < deadlineMs + lateness()));
  for (const { round, missed } of since.filter(isWithoutIt))
    assert.deepEqual(missed, [], `round ${round} waited in vain`);
  // The view without it begins a second ahead; until then it does its part: no average of its block is missing.
  const together = since.filter((result) => !isWithoutIt(result));
  const whole = together.filter(({ averagedCount, averaged }) => averagedCount === averaged.length);
  assert.ok(whole.length >= 0.5 * together.length, `${whole.length} of ${together.length} rounds are whole`);

  await first.until("rounds without it", () => first.results.slice(-1).some(isWithoutIt));
  await pause(300);
  const done = third.results.length;
  const round = third.peer.snapshot().report.round;
  await pause(500);
  assert.equal(third.results.length, done);
  assert.equal(third.peer.snapshot().report.round, round);
  assert.equal(phasesOf(third).at(-1), "paused");

  third.peer.resume();
  await third.until("10 rounds more", () => third.results.length >= done + 10, 15_000);
  assert.ok(phasesOf(third).includes("catching up"));
  const [its, theirs] = [third, first].map(({ results }) => results.at(-1)?.round ?? 0);
  assert.ok(Math.abs((its ?? 0) - (theirs ?? 0)) < 20, `it is in round ${its}, the first in ${theirs}`);
});

test("when everybody pauses the training goes on where it was, not from the start", async (t) => {
  const { add, server } = await openRoom(t, toyTask());
  const only = await add(1);
  await only.until("20 rounds", () => only.results.length >= 20);
  only.peer.pause();
  for (let turn = 0; turn < 50 && only.peer.snapshot().members > 0; turn++) await pause(100);
  assert.equal(only.peer.snapshot().members, 0);
  const done = only.results.length;
  const { round } = only.peer.snapshot().report;
  only.peer.resume();
  await only.until("more rounds", () => only.results.length >= done + 5, 10_000);
  assert.ok((only.results[done]?.round ?? 0) >= round, `round ${only.results[done]?.round} after ${round}`);
  assert.equal(roomOf(server).peers.length, 1);
});

test("a paused peer can stop, and one that pauses for a moment loses nothing", async (t) => {
  const { add } = await openRoom(t, toyTask({ minPeers: 2 }));
  const [first, second] = await Promise.all([add(1), add(2)]);
  assert.ok(first && second);
  await first.until("10 rounds", () => first.results.length >= 10);
  second.peer.pause();
  second.peer.resume();
  const done = second.results.length;
  await second.until("10 more", () => second.results.length >= done + 10, 10_000);
  second.peer.pause();
  await pause(200);
  second.peer.stop();
  assert.equal((await second.outcome).kind, "stopped");
});

test("pauses that end within a round, or in rounds that the others have left, cost a deadline at most", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ work: { samplesPerRound: 2_048 } }));
  const [first, light] = await Promise.all([add(1), add(2)]);
  assert.ok(first && light);
  light.peer.setShare(0.25);
  await light.until("5 rounds", () => light.results.length >= 5);
  const members = () => roomOf(server).peers.filter(({ member }) => member).length;
  /** Nobody goes through rounds alone, each to its deadline of seconds, before there are rounds with both again. */
  async function goOn(after: string): Promise<void> {
    const from = performance.now();
    const done = first.results.length;
    await first.until(`rounds after ${after}`, () => first.results.length >= done + 3);
    while (members() < 2 && performance.now() < from + 30_000) await pause(20);
    assert.equal(members(), 2, `the view with both after ${after}`);
    // Of two, who is missed is waited for until a deadline.
    const alone = first.results.slice(done).filter(({ missed }) => missed.length > 0);
    assert.ok(alone.length <= 1, `${alone.length} rounds to a deadline after ${after}`);
  }
  await goOn("nothing");
  for (const pausedMs of [0, 200, 400]) {
    first.peer.pause();
    while (members() > 1) await pause(20);
    await pause(pausedMs);
    first.peer.resume();
    await goOn(`a view without it and ${pausedMs} ms`);
  }
  for (let turn = 0; turn < 3; turn++) {
    first.peer.pause();
    await pause(20 * turn);
    first.peer.resume();
  }
  await goOn("three short ones");
});

test("the last member that pauses for a moment goes on with its model", async (t) => {
  const { add, server } = await openRoom(t, toyTask());
  const only = await add(1);
  await only.until("20 rounds", () => only.results.length >= 20);
  only.peer.pause();
  // The view without anybody is made now, and comes to a peer that does not pause any more.
  while (roomOf(server).epoch < 2) await pause(1);
  only.peer.resume();
  const done = only.results.length;
  const { round } = only.peer.snapshot().report;
  await only.until("more rounds", () => only.results.length >= done + 5, 10_000);
  assert.ok((only.results[done]?.round ?? 0) >= round, `round ${only.results[done]?.round} after ${round}`);
});

test("a peer with a share of the work learns less in the same time, alone too", async (t) => {
  const { add } = await openRoom(t, toyTask({ work: { samplesPerRound: 512 } }));
  const only = await add(1);
  await only.until("5 rounds", () => only.results.length >= 5);
  const rounds = (count: number) => {
    const goal = only.results.length + count;
    return only.until(`${count} more rounds`, () => only.results.length >= goal);
  };
  /** From the end of one round to that of another: samples are counted by the round. */
  const speedWith = async (share: number) => {
    only.peer.setShare(share);
    await rounds(2); // what is under way has the share before
    const [atMs, samples] = [performance.now(), only.peer.snapshot().report.samples];
    await rounds(10);
    return (only.peer.snapshot().report.samples - samples) / (performance.now() - atMs);
  };
  // In turn, and the fastest of each: the machine is not equally fast all the time.
  let [full, light] = [0, 0];
  for (let turn = 0; turn < 5; turn++) {
    full = Math.max(full, await speedWith(1));
    light = Math.max(light, await speedWith(0.25));
  }
  assert.ok(light < 0.5 * full && light > 0.05 * full, `${light} samples/ms, ${full} before`);
});

test("a peer that leaves now is out of the view within 2 s", async (t) => {
  const lateness = watchLateness(t);
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const [first, second, third] = await Promise.all([add(1), add(2), add(3)]);
  assert.ok(first && second && third);
  await first.until("20 rounds", () => first.results.length >= 20);
  const leftMs = performance.now();
  third.peer.leaveNow();
  await first.until("a view without it", () => first.peer.snapshot().members === 2, 30_000);
  const tookMs = performance.now() - leftMs;
  assert.ok(tookMs - lateness() < 2_000, `after ${tookMs} ms, ${lateness()} late`);
  assert.equal(roomOf(server).peers.length, 2);
  assert.equal((await third.outcome).kind, "stopped");
  const left = roomOf(server).events.filter(({ kind }) => kind === "left");
  assert.deepEqual(
    left.map(({ text }) => text),
    ["peer 3 left: goodbye"],
  );
});

test("phases say what a member does: connecting, waiting, then training and averaging in turn", async (t) => {
  const { add } = await openRoom(t, toyTask({ minPeers: 2 }));
  const first = await add(1);
  await first.until("it waits", () => phasesOf(first).includes("waiting for others"));
  await add(2);
  await first.until("5 rounds", () => first.results.length >= 5);
  const phases = phasesOf(first).filter((phase) => phase !== "waiting for others");
  assert.deepEqual(phases.slice(0, 4), ["training", "averaging", "training", "averaging"]);
});

test("the last of a room goes on at once when all others leave together", async (t) => {
  // Rounds of a few milliseconds: the view without the others begins many rounds ahead.
  const { add } = await openRoom(t, toyTask({ minPeers: 3, work: { samplesPerRound: 1 } }));
  const [last, second, third] = await Promise.all([add(1), add(2), add(3)]);
  assert.ok(last && second && third);
  await last.until("50 rounds", () => last.results.length >= 50);
  second.peer.leaveNow();
  third.peer.leaveNow();
  await last.until("a view of its own", () => last.peer.snapshot().members === 1, 5_000);
  const done = last.results.length;
  await last.until("20 rounds more", () => last.results.length >= done + 20, 4_000);
});
