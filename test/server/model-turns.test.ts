/** Whose turn it is to hand in the room's model, and what is left of a turn that ends early: in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../shared/net/messages.ts";
import type { ModelAnswer, ModelRequest } from "../../shared/net/messages.ts";
import { createModelUpload } from "../../shared/net/model-upload.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { valueCountOf } from "../../shared/training/model-file.ts";
import { createModelCollector } from "../../signaling-server/model-collector.ts";
import { testTask } from "./fixture.ts";

/** Two parts and a bit. */
const task = testTask({ model: { kind: "mlp", hidden: [128] }, rounds: 100 });
const size = valueCountOf(task);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A room whose members come and go; who is not honest is asked and answers when we say so. */
function play() {
  const time = createVirtualTime();
  const members = new Set<string>();
  const honest = new Map<string, (request: ModelRequest) => ModelAnswer>();
  const asked: { readonly peerId: string; readonly from: number }[] = [];
  const held: { readonly from: number; answer(answer: ModelAnswer): void }[] = [];
  const collector = createModelCollector({
    task,
    clock: time,
    maxBytes: 1e9,
    members: () => [...members].map((peerId) => ({ peerId, round: 5, accuracy: 0.95 })),
    ask(peerId, { from }) {
      asked.push({ peerId, from });
      const upload = honest.get(peerId);
      if (upload) return Promise.resolve(upload({ from }));
      return new Promise((answer) => held.push({ from, answer }));
    },
    onOutcome: () => undefined,
  });
  /** From now on once a second. */
  function beats(): void {
    collector.consider();
    time.after(1_000, beats);
  }
  return {
    collector,
    members,
    asked,
    held,
    /** Who was asked for the first part, in this order. */
    turns: () => asked.filter(({ from }) => from === 0).map(({ peerId }) => peerId),
    joins(peerId: string, isHonest = false): void {
      members.add(peerId);
      const replica = () => ({ round: 5, values: new Float32Array(size) });
      if (isHonest) honest.set(peerId, createModelUpload({ clock: time, replica }).answer);
    },
    leaves(peerId: string): void {
      members.delete(peerId);
      collector.left(peerId);
    },
    async pass(ms: number): Promise<void> {
      const untilMs = time.now() + ms;
      time.after(ms, () => undefined);
      while (time.now() < untilMs) {
        time.step();
        await settled();
      }
    },
    beats,
  };
}

const partFrom = (from: number): ModelAnswer => ({
  ok: true,
  round: 5,
  count: size,
  values: new Uint8Array(Math.min(limits.modelPartBytes, (size - from) * 4)),
});

test("a hand-in that was given up asks for nothing more, however late its parts come", async () => {
  const { joins, leaves, beats, pass, held, asked, turns } = play();
  joins("stranger");
  beats();
  let late = 0;
  for (let times = 0; times < 10; times++) {
    // The first part makes room for a model; the answer to the second one is held back.
    held.pop()?.answer(partFrom(0));
    await pass(200);
    assert.equal(held.at(-1)?.from, limits.modelPartBytes / 4);
    leaves("stranger");
    await pass(200);
    joins("stranger");
    await pass(2_500);
    assert.equal(turns().length, times + 2, "its next turn");
    const { length } = asked;
    for (const { from, answer } of held.splice(0, held.length - 1)) {
      answer(partFrom(from));
      late += 1;
    }
    await settled();
    assert.deepEqual(asked.slice(length), [], "of one that was given up");
  }
  assert.equal(late, 10);
});

test("who leaves and comes back is behind those that stayed, and so is who comes under a new id", async () => {
  for (const idOf of [() => "stranger", (times: number) => `stranger ${times}`]) {
    const { joins, leaves, beats, pass, turns } = play();
    joins(idOf(0));
    for (const id of ["b", "c"]) joins(id, true);
    beats();
    for (let times = 0; times < 40; times++) {
      leaves(idOf(times));
      await pass(300);
      joins(idOf(times + 1));
      await pass(1_200);
    }
    const last = turns().filter((peerId) => ["b", "c"].includes(peerId));
    assert.ok(last.length >= 3, turns().join());
    assert.deepEqual(last, ["b", "c", "b", "c"].slice(0, last.length));
  }
});

test("who says to be done again and again keeps nobody from a turn", async () => {
  for (const idOf of [() => "stranger", (times: number) => `stranger ${times}`]) {
    const { joins, leaves, beats, pass, turns, collector } = play();
    joins("b", true);
    joins(idOf(0));
    beats();
    collector.finished(idOf(0));
    for (let times = 0; times < 40; times++) {
      leaves(idOf(times));
      joins(idOf(times + 1));
      collector.finished(idOf(times + 1));
      await pass(400);
    }
    assert.ok(turns().filter((peerId) => peerId === "b").length >= 2, turns().join());
  }
});

test("who says to be done and hands in an older model has had its turn", async () => {
  const { joins, beats, pass, turns, collector } = play();
  joins("b", true);
  joins("early", true);
  beats();
  await pass(1_100);
  collector.finished("early");
  await pass(1_000);
  assert.deepEqual(turns(), ["b", "early"]);
  await pass(12_000);
  assert.deepEqual(turns(), ["b", "early"], "more is not due: it hastens nobody's");
  await pass(2_000);
  assert.deepEqual(turns(), ["b", "early", "b"]);
});
