import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import * as v from "valibot";
import { reportSchema } from "../../shared/net/messages.ts";
import type { Task } from "../../shared/core/task.ts";
import { startTrainerThread } from "../labs/trainer-thread.ts";
import { startServer, testTask } from "../server/fixture.ts";
import { isAlive, start } from "./command.ts";

const lineSchema = v.variant("event", [
  v.strictObject({ event: v.literal("state"), state: v.string() }),
  v.strictObject({ event: v.literal("notice"), text: v.string() }),
  v.strictObject({
    event: v.literal("backend"),
    name: v.string(),
    title: v.string(),
    why: v.string(),
    trials: v.array(
      v.strictObject({
        name: v.string(),
        stepMs: v.nullable(v.number()),
        note: v.nullable(v.string()),
      }),
    ),
  }),
  v.strictObject({
    event: v.literal("validation"),
    round: v.number(),
    loss: v.number(),
    accuracy: v.number(),
  }),
  v.strictObject({
    event: v.literal("round"),
    round: v.number(),
    epoch: v.number(),
    loss: v.number(),
    samples: v.number(),
    roundMs: v.number(),
    deadlineMs: v.number(),
    averaged: v.number(),
    fragments: v.number(),
    missed: v.array(v.string()),
  }),
  v.object({
    event: v.literal("end"),
    outcome: v.picklist(["finished", "stopped", "refused", "failed"]),
    validation: v.optional(v.object({ accuracy: v.number() })),
    exitCode: v.number(),
    report: reportSchema,
    sent: v.number(),
    received: v.number(),
  }),
]);

function parseLines(stdout: string) {
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line) => v.parse(lineSchema, JSON.parse(line)));
}

async function serverFor(t: TestContext, task: Partial<Task>): Promise<string> {
  const { port } = await startServer(t, { tasks: { main: testTask(task) } });
  return `http://127.0.0.1:${port}`;
}

void test("two peers train to the end; every line of --json is an object of the documented shape", async (t) => {
  const url = await serverFor(t, { rounds: 20, minPeers: 2, work: { secondsPerRound: 0.1 } });
  const join = (name: string) => start(t, "join", url, "--name", name, "--json");
  const first = join("a");
  await first.line(/"text":"waiting for others: training starts when 2 peers are ready"/);
  const peers = [first, join("b")];
  for (const { code, stdout, stderr } of await Promise.all(peers.map((peer) => peer.ended()))) {
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = parseLines(stdout);
    const rounds = lines.filter((line) => line.event === "round");
    assert.ok(rounds.length >= 15 && rounds.length <= 20, `${rounds.length} rounds`);
    const end = lines.at(-1);
    assert.ok(end?.event === "end" && end.outcome === "finished" && end.exitCode === 0);
    assert.ok(end.validation && end.received > 0 && end.sent > 0);
  }
});

void test("--rounds stops after so many rounds", async (t) => {
  const url = await serverFor(t, {});
  const { code, stdout } = await start(t, "join", url, "--rounds", "3", "--json").ended();
  const lines = parseLines(stdout);
  assert.equal(lines.filter((line) => line.event === "round").length, 3);
  assert.ok(lines.at(-1)?.event === "end" && code === 0);
});

void test("the server knows what a peer computes with", async (t) => {
  const server = await startServer(t, { tasks: { main: testTask() } });
  const peer = start(t, "join", `http://127.0.0.1:${server.port}`, "--json");
  await peer.line(/"round"/);
  const trainer = await startTrainerThread(testTask(), { shard: 0 });
  assert.equal(server.status().rooms[0]?.peers[0]?.backend, trainer.backend);
  await trainer.close();
});

void test("--quiet says nothing, plain output says what happens", async (t) => {
  const url = await serverFor(t, {});
  const quiet = await start(t, "join", url, "--rounds", "3", "--quiet").ended();
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
  const plain = await start(t, "join", url, "--rounds", "3").ended();
  assert.match(plain.stdout, /training alone\n.*round 3\/1000 .*\n.*stopped\n$/);
});

void test("a card that is not there is one sentence, and not the processor without a word", async (t) => {
  const url = await serverFor(t, {});
  const { code, stderr } = await start(t, "join", url, "--device", "63", "--quiet").ended();
  assert.equal(code, 5);
  assert.match(stderr, /^shoal: .*--device \(63\): no graphics card can be used here \(webgpu: .*\)\n$/);
});

void test("--max-memory is about the whole process", async (t) => {
  const url = await serverFor(t, {});
  const { code, stderr } = await start(t, "join", url, "--max-memory", "100", "--quiet").ended();
  assert.equal(code, 5);
  assert.match(stderr, /^shoal: .*needs more memory than --max-memory allows \(100 MB\).*\n$/);
});

void test("Ctrl-C finishes the round, says goodbye and leaves no process", async (t) => {
  const url = await serverFor(t, {});
  const peer = start(t, "join", url, "--json");
  await peer.line(/"round"/);
  peer.kill("SIGINT");
  const { code, stdout, stderr } = await peer.ended(15_000);
  const end = parseLines(stdout).at(-1);
  assert.ok(code === 0 && end?.event === "end" && end.outcome === "stopped");
  assert.match(stderr, /finishing this round/);
  assert.equal(isAlive(peer.pid), false);
});

void test("a second Ctrl-C does not wait for the round", async (t) => {
  const url = await serverFor(t, { work: { samplesPerRound: 1_000_000 } });
  const peer = start(t, "join", url);
  await peer.line(/training alone/);
  peer.kill("SIGINT");
  // Two that come before it takes the first are one.
  await peer.line(/finishing this round/);
  peer.kill("SIGINT");
  assert.equal((await peer.ended(5_000)).code, 130);
});

// The smaller one leads to values that are numbers, but that nobody takes.
for (const learningRate of [1e30, 1e6])
  void test(`training that diverges at ${learningRate} is exit code 6 and says what to change`, async (t) => {
    const optimizer = { kind: "sgd", learningRate, momentum: 0, warmupRounds: 0, decay: "none" } as const;
    const url = await serverFor(t, { optimizer });
    const { code, stderr } = await start(t, "join", url, "--quiet").ended();
    assert.equal(code, 6);
    assert.match(stderr, /^shoal: training diverged: .*learningRate.*\n$/);
  });
