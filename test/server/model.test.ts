import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import express from "express";
import { limits } from "../../shared/net/messages.ts";
import type { ModelAnswer, ModelRequest } from "../../shared/net/messages.ts";
import { createModelUpload } from "../../shared/net/model-upload.ts";
import { readModelFile, valueCountOf } from "../../shared/training/model-file.ts";
import { accuracyWorthTrying, createModelCollector } from "../../signaling-server/model-collector.ts";
import { sendModel } from "../../signaling-server/model-download.ts";
import type { Contributor } from "../../signaling-server/room-interface.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { pause, realClock } from "../labs/real-time.ts";
import { connect, joined, next, portOf, startServer, testTask, waitMs } from "./fixture.ts";
import { handIn, reportAccuracy } from "./handing-in.ts";

/** Two parts and a bit. */
const task = testTask({ model: { kind: "mlp", hidden: [128] }, rounds: 100 });
const size = valueCountOf(task);
const valuesOf = (seed: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(seed + i)));

describe("when a model is worth trying", () => {
  const cases: readonly [classes: number, accuracy: number][] = [
    [2, 0.889],
    [10, 0.8],
    [100, 0.78],
  ];
  for (const [classes, accuracy] of cases) {
    test(`${classes} classes: ${accuracy}`, () => {
      assert.ok(Math.abs(accuracyWorthTrying(classes) - accuracy) < 0.001);
    });
  }
});

async function until(what: string, done: () => boolean): Promise<void> {
  const untilMs = performance.now() + waitMs;
  while (!done()) {
    assert.ok(performance.now() < untilMs, `${what}: not within ${waitMs} ms`);
    await pause(20);
  }
}

/** A collector with its room, its clock and its members in our hands. */
function collect(members: Contributor[], options: { readonly maxBytes?: number } = {}) {
  let nowMs = 0;
  const asked: string[] = [];
  const outcomes: (string | null)[] = [];
  const answers = new Map<string, (request: ModelRequest) => unknown>();
  const collector = createModelCollector({
    task,
    clock: { ...realClock, now: () => nowMs },
    maxBytes: options.maxBytes ?? 1e9,
    members: () => members,
    async ask(peerId, request) {
      if (request.from === 0) asked.push(peerId);
      return answers.get(peerId)?.(request);
    },
    onOutcome: (fault) => outcomes.push(fault),
  });
  const honest = (peerId: string, round: number, values = valuesOf(round)) => {
    const upload = createModelUpload({ clock: realClock, replica: () => ({ round, values }) });
    answers.set(peerId, (request) => upload.answer(request));
  };
  /** One second later, and all that follows from it. */
  async function beat(ms = 1_000): Promise<void> {
    nowMs += ms;
    collector.consider();
    await settled();
  }
  return { collector, asked, outcomes, answers, honest, beat };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));
const member = (peerId: string, round = 5, accuracy: number | null = 0.9): Contributor => ({
  peerId,
  round,
  accuracy,
});

describe("a room's model", () => {
  test("is asked for when the members' mean accuracy is worth it, and half of them have validated", async () => {
    const members = [member("a", 5, 0.85), member("b", 5, 0.7)];
    const { asked, honest, beat, collector } = collect(members);
    honest("a", 5);
    honest("b", 5);
    await beat();
    members.splice(0, 2, member("a", 5, 0.9), member("b", 5, null), member("c", 5, null));
    await beat();
    assert.deepEqual(asked, []);
    members.pop();
    await beat();
    assert.deepEqual(asked, ["a"]);
    assert.equal(collector.model?.accuracy, 0.9);
    assert.equal(collector.model?.name, "test-round-5.safetensors");
  });

  test("comes from one member after the other, every 15 s", async () => {
    const { asked, honest, beat } = collect([member("a"), member("b"), member("c")]);
    for (const id of ["a", "b", "c"]) honest(id, 5);
    for (let second = 0; second < 60; second++) await beat();
    assert.deepEqual(asked, ["a", "b", "c", "a"]);
  });

  test("is replaced by the final one at the end of the run, from whoever is there", async () => {
    const members = [member("a", 99), member("b", 99)];
    const { asked, honest, beat, collector, outcomes } = collect(members);
    honest("a", 99);
    await beat();
    const roundNow = () => collector.model?.round;
    assert.equal(roundNow(), 99);
    members.splice(0, 2, member("a", 100), member("b", 100));
    honest("b", 100);
    collector.left("a");
    collector.finished("b");
    await settled();
    assert.deepEqual(asked, ["a", "b"]);
    assert.equal(roundNow(), 100);
    collector.finished("a");
    await settled();
    assert.deepEqual(asked, ["a", "b"], "once is enough");
    assert.deepEqual(outcomes, [null, null]);
  });

  const part = (more: object) => ({
    ok: true,
    round: 5,
    count: size,
    values: new Uint8Array(limits.modelPartBytes),
    ...more,
  });
  const nan = new Uint8Array(limits.modelPartBytes).fill(0xff);
  const good = (id: string) => member(id, 5, 0.95);
  const finishers: readonly [what: string, said: Contributor | undefined, isHonest: boolean][] = [
    ["is no member", undefined, true],
    ["answers nonsense", member("first", 100), false],
    ["has learnt nothing", member("first", 100, 0.6), true],
    ["hands in an old model", member("first", 100), true],
  ];
  for (const [what, said, isHonest] of finishers) {
    test(`is asked of the others, too, when the one that says to be done ${what}`, async () => {
      const { asked, honest, beat, answers, collector } = collect([
        ...(said ? [said] : []),
        good("b"),
        good("c"),
      ]);
      for (const id of ["first", "b", "c"]) honest(id, 5);
      if (!isHonest) answers.set("first", () => "nonsense");
      for (let second = 0; second < 60; second++) {
        collector.finished("first");
        await beat();
      }
      assert.ok(asked.includes("b") && asked.includes("c"), asked.join());
      assert.equal(collector.model?.round, 5);
    });
  }

  const lies: readonly [what: string, answer: unknown, fault: RegExp][] = [
    ["nothing", undefined, /malformed/],
    ["a text", "model", /malformed/],
    ["too many values", part({ count: size + 1 }), /values, the task's/],
    ["a short part", part({ values: new Uint8Array(8) }), /8 bytes: 61440 were asked for/],
    [
      "a part that is too long",
      part({ values: new Uint8Array(limits.modelPartBytes + 4) }),
      /at most 61440 bytes/,
    ],
    ["plain numbers", part({ values: [1, 2, 3] }), /malformed/],
    ["a round beyond the end", part({ round: 101 }), /beyond the task/],
  ];
  for (const [what, answer, fault] of lies) {
    test(`${what} is refused and counted, its sender is not asked again, another one is`, async () => {
      const { asked, honest, beat, answers, outcomes, collector } = collect([member("liar"), member("b")]);
      answers.set("liar", () => answer);
      honest("b", 5);
      await beat();
      assert.match(outcomes[0] ?? "", fault);
      const roundNow = () => collector.model?.round;
      assert.equal(roundNow(), undefined);
      for (let second = 0; second < 40; second++) await beat();
      assert.deepEqual(asked, ["liar", "b", "b", "b"]);
      assert.equal(roundNow(), 5);
    });
  }

  test("with values that are not finite, or that changes on the way, is refused", async () => {
    const { beat, answers, outcomes } = collect([member("nan"), member("changing")]);
    const values = (from: number) => nan.slice(0, Math.min(nan.length, (size - from) * 4));
    answers.set("nan", ({ from }) => part({ values: values(from) }));
    answers.set("changing", ({ from }) => part({ round: from === 0 ? 5 : 6, values: values(from).fill(0) }));
    await beat();
    await beat();
    assert.match(outcomes[0] ?? "", /not finite/);
    assert.match(outcomes[1] ?? "", /changed on the way/);
  });

  test("that a peer does not have yet is asked for again", async () => {
    const { asked, beat, answers, honest, outcomes } = collect([member("a")]);
    answers.set("a", (): ModelAnswer => ({ ok: false, reason: "not yet" }));
    await beat();
    honest("a", 5);
    await beat();
    assert.deepEqual(
      [asked, outcomes],
      [
        ["a", "a"],
        ["it has none: not yet", null],
      ],
    );
  });

  test("that nobody has is asked for once a second, also when somebody who is no member says to be done", async () => {
    const { asked, beat, answers, collector } = collect([member("a"), member("b"), member("c")]);
    const most = 50;
    for (const id of ["a", "b", "c"])
      answers.set(id, () =>
        asked.length < most ? { ok: false, reason: "none" } : new Promise(() => undefined),
      );
    for (let second = 0; second < 6; second++) {
      collector.finished("stranger");
      await beat();
    }
    assert.deepEqual(asked, ["a", "b", "c", "a", "b", "c"]);
  });

  test("that does not come in time is given up: others are asked first, its sender again later", async () => {
    const { asked, beat, answers, honest, outcomes } = collect([member("mute"), member("b")]);
    answers.set("mute", () => Promise.reject(new Error("operation has timed out")));
    honest("b", 5);
    for (let second = 0; second < 18; second++) await beat();
    assert.deepEqual(asked, ["mute", "b", "mute", "b"]);
    assert.deepEqual(outcomes.slice(0, 2), ["operation has timed out", null]);
  });

  test("that comes too slowly, or whose sender leaves, is given up", async () => {
    const { beat, answers, outcomes, collector } = collect([member("slow"), member("gone", 4)]);
    answers.set("slow", async ({ from }: ModelRequest) => {
      void beat(121_000);
      await settled();
      return part({ values: new Uint8Array(Math.min(limits.modelPartBytes, (size - from) * 4)) });
    });
    await beat();
    await settled();
    assert.match(outcomes[0] ?? "", /took longer than 120 s/);
    answers.set("gone", () => new Promise(() => undefined));
    await beat();
    collector.left("gone");
    await until("it is given up", () => outcomes.length > 1);
    assert.deepEqual(outcomes.slice(1), ["it left"]);
  });

  test("is not asked for when there is no memory for it", async () => {
    const { asked, honest, beat, collector } = collect([member("a")], { maxBytes: size * 8 });
    honest("a", 5);
    await beat();
    assert.deepEqual([asked, collector.memory], [[], 0]);
  });
});

test("at most two models of a room are in memory: of an older one no download goes on", async () => {
  const { collector, honest, beat } = collect([member("a")]);
  const ended: number[] = [];
  for (const round of [1, 2, 3, 4]) {
    honest("a", round);
    await beat(15_000);
    await until(`round ${round}`, () => collector.model?.round === round);
    if (round < 4) collector.model?.downloads.add({ destroy: () => ended.push(round) });
    assert.deepEqual(ended, [1, 2].slice(0, Math.max(0, round - 2)));
  }
});

test("a download holds its model until it ends, or is ended", async (t) => {
  const downloads = new Set<{ destroy(): void }>();
  const file = Buffer.alloc(32_000_000);
  const model = { round: 1, accuracy: 1, bytes: file.length, name: "a", file, etag: '"a"', downloads };
  const app = express().get("/", (_, response) => sendModel(response, model));
  const http = app.listen(0, "127.0.0.1");
  t.after(() => http.close().closeAllConnections());
  await once(http, "listening");
  const url = `http://127.0.0.1:${portOf(http)}/`;
  const signal = AbortSignal.timeout(waitMs);
  assert.equal((await (await fetch(url, { signal })).arrayBuffer()).byteLength, file.length);
  await until("it has ended", () => downloads.size === 0);
  const unread = await fetch(url, { signal });
  assert.equal(downloads.size, 1);
  for (const download of downloads) download.destroy();
  await assert.rejects(unread.arrayBuffer());
  await until("it is forgotten", () => downloads.size === 0);
});

const get = (server: SignalingServer, path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { headers, signal: AbortSignal.timeout(waitMs) });

describe("over real sockets", () => {
  test("a model is handed in in parts, shown in the status, and served as a file", async (t) => {
    const server = await startServer(t, { tasks: { room: task, other: task } });
    const none = await get(server, "/api/rooms/room/model", { accept: "application/json" });
    assert.deepEqual(
      [none.status, await none.json()],
      [404, { error: "This room has no model to try yet: its members have to learn first." }],
    );
    assert.equal((await get(server, "/api/rooms/nowhere/model")).status, 404);

    const { socket } = await joined(t, server, 1);
    const values = valuesOf(1);
    const asked = handIn(socket, () => ({ round: 42, values }));
    const view = next(socket, "view");
    socket.emit("ready", { round: 0 });
    await view;
    reportAccuracy(socket, 0.95, 42);
    const model = () => server.status().rooms[0]?.model ?? null;
    await until("a model", () => model() !== null);

    const response = await get(server, "/api/rooms/room/model");
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    assert.equal(
      response.headers.get("content-disposition"),
      "attachment; filename=test-round-42.safetensors",
    );
    const file = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(readModelFile(file), { task, parameters: values, round: 42, accuracy: 0.95 });
    assert.deepEqual(model(), { round: 42, bytes: file.length, accuracy: 0.95 });
    const etag = response.headers.get("etag") ?? "";
    const again = await get(server, "/api/rooms/room/model", {
      "if-none-match": etag,
      "cache-control": "max-age=0",
    });
    assert.equal(again.status, 304);
    assert.deepEqual(asked, [42]);
    assert.equal(server.status().signals["model"]?.accepted, 1);

    socket.emit("leave");
    await until("it has left", () => server.status().rooms[0]?.peers.length === 0);
    assert.ok(model(), "the model stays when everybody has gone");
  });

  test("who answers nonsense is counted as refused, and the server goes on", async (t) => {
    const server = await startServer(t, { tasks: { room: task } });
    const liar = await joined(t, server, 1);
    const nonsense = { ok: true, round: 1, count: size, values: { 0: 1, 1: 2 } };
    liar.socket.on("model", (_, answer) =>
      Reflect.apply(answer, undefined, [nonsense, "more", Buffer.alloc(9)]),
    );
    const honest = await joined(t, server, 2);
    handIn(honest.socket, () => ({ round: 7, values: valuesOf(2) }));
    for (const { socket } of [liar, honest]) socket.emit("ready", { round: 0 });
    await next(honest.socket, "view");
    for (const { socket } of [liar, honest]) reportAccuracy(socket, 0.9, 7);
    await until("a model", () => server.status().rooms[0]?.model !== null);
    assert.deepEqual(server.status().signals["model"], { accepted: 1, refused: 1 });
    await connect(t, server);
  });
});
