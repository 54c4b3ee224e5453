import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { checkBackends } from "../../peer-node/doctor/backend-checks.ts";
import { checkDataSets } from "../../peer-node/doctor/data-checks.ts";
import { pause } from "../labs/real-time.ts";
import { isAlive, run, startWith, temporaryFile } from "./command.ts";

const backend = v.strictObject({
  name: v.picklist(["webgpu", "tensorflow", "wasm", "cpu"]),
  title: v.nullable(v.string()),
  matrixGflops: v.nullable(v.pipe(v.number(), v.gtValue(0))),
  convolutionGflops: v.nullable(v.pipe(v.number(), v.gtValue(0))),
  note: v.nullable(v.string()),
});

const reportSchema = v.strictObject({
  shoal: v.string(),
  node: v.literal(process.version),
  platform: v.string(),
  processor: v.string(),
  threads: v.pipe(v.number(), v.minValue(1)),
  memory: v.strictObject({ totalBytes: v.number(), freeBytes: v.number() }),
  network: v.strictObject({
    loopback: v.strictObject({ connectMs: v.nullable(v.number()), note: v.nullable(v.string()) }),
    iceServers: v.array(
      v.strictObject({ server: v.string(), kinds: v.array(v.string()), answered: v.boolean() }),
    ),
  }),
  backends: v.array(backend),
  data: v.nullable(
    v.strictObject({
      folder: v.string(),
      sets: v.array(v.strictObject({ name: v.string(), note: v.nullable(v.string()) })),
    }),
  ),
});

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A socket that takes requests and says nothing. */
async function silentPort(t: TestContext): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  t.after(() => socket.close());
  await once(socket, "listening");
  return socket.address().port;
}

/** Answers a STUN binding request (RFC 8489) with an address that nobody has. */
async function stunServer(t: TestContext): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  t.after(() => socket.close());
  socket.on("message", (request, { port, address }) => {
    const reply = Buffer.alloc(32);
    reply.writeUInt16BE(0x0101, 0);
    reply.writeUInt16BE(12, 2);
    request.copy(reply, 4, 4, 20);
    // XOR-MAPPED-ADDRESS of 203.0.113.7:40000
    reply.writeUInt32BE(0x0020_0008, 20);
    reply.writeUInt16BE(0x0001, 24);
    reply.writeUInt16BE(40_000 ^ 0x2112, 26);
    reply.writeUInt32BE((0xcb00_7107 ^ 0x2112_a442) >>> 0, 28);
    socket.send(reply, port, address);
  });
  await once(socket, "listening");
  return socket.address().port;
}

void test("--json: everything that this machine can do, in one object", async (t) => {
  const server = `stun:127.0.0.1:${await stunServer(t)}`;
  const { code, stdout, stderr } = await run(
    t,
    "doctor",
    "--json",
    "--ice-server",
    server,
    "--data-dir",
    emptyFolder(t),
  );
  assert.deepEqual([code, stderr], [0, ""], stdout);
  const report = v.parse(reportSchema, JSON.parse(stdout));
  const wasm = report.backends.find(({ name }) => name === "wasm");
  assert.ok(wasm?.title?.startsWith("WebAssembly") && (wasm.matrixGflops ?? 0) > 0.5);
  assert.ok((report.network.loopback.connectMs ?? NaN) < 10_000);
  assert.deepEqual(report.network.iceServers, [{ server, kinds: ["host", "srflx"], answered: true }]);
  // Not "40000" anywhere: the figures are measured, and one of a hundred has it among its digits.
  assert.doesNotMatch(stdout, /203\.0\.113\.7|\b40000\b/, "no addresses");
  assert.deepEqual(
    report.data?.sets.map(({ name }) => name),
    ["cifar10", "mnist", "atis", "text"],
  );
  assert.ok(report.data?.sets.every(({ note }) => note === "not there"));
});

void test("for people: what is missing and how to get it; a silent STUN server is exit code 3", async (t) => {
  const server = `stun:127.0.0.1:${await silentPort(t)}`;
  const running = startWith(t, { SHOAL_DATA: undefined }, "doctor", "--ice-server", server);
  const { code, stdout, seconds } = await running.ended();
  assert.equal(code, 3);
  assert.match(stdout, /^shoal \S+ on Node v/);
  assert.match(stdout, /^ {2}tensorflow +– +– +its package is not installed \(npm install @tensorflow/m);
  assert.match(stdout, /^ {2}wasm +\S+ GFLOP\/s +\S+ GFLOP\/s +WebAssembly/m);
  assert.match(stdout, /^ {2}WebRTC +works, connected in /m);
  assert.match(stdout, /^ {2}SILENT +stun:127\.0\.0\.1:\d+ \(candidates: host\)$/m);
  assert.match(stdout, /glyphs, which the program draws; --data-dir/);
  assert.ok(seconds < 60, `${seconds} s`);
});

void test("a card that is not there is one sentence and exit code 5", async (t) => {
  const { code, stdout, stderr } = await run(t, "doctor", "--device", "63");
  assert.equal(code, 5);
  assert.match(
    stderr,
    /^shoal: --device \(63\): no graphics card can be used here \(webgpu: .*; tensorflow: .*\)\n$/,
  );
  assert.match(stdout, /^ {2}wasm +\S+ GFLOP\/s/m);
});

/** What hangs gets so long, since a busy machine takes seconds until it has begun to. */
const limitMs = 5_000;

/** A script that waits in native code for ever, and the ids of the processes that ran it. */
function hangingScript(t: TestContext) {
  const pids = temporaryFile(t, "pids", "");
  const script = `import { appendFileSync } from "node:fs";
    appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  return {
    file: pathToFileURL(temporaryFile(t, "hanging.mjs", script)),
    async assertGone() {
      const started = readFileSync(pids, "utf8").trimEnd().split("\n").map(Number);
      assert.ok(started.length > 0 && started.every((pid) => pid > 0));
      // The kernel takes a moment to be rid of what was killed.
      for (let tries = 0; tries < 100 && started.some(isAlive); tries++) await pause(20);
      assert.deepEqual(started.filter(isAlive), []);
    },
  };
}

void test("a backend that hangs in native code costs its time and its process, not the doctor", async (t) => {
  const { file, assertGone } = hangingScript(t);
  const checks = await checkBackends({ limitMs, file });
  assert.ok(checks.every(({ title, note }) => title === null && note !== null));
  assert.equal(checks.find(({ name }) => name === "wasm")?.note, "it took longer than 5 s");
  await assertGone();
});

void test("a drive that never answers costs the time limit, for all data sets together", async (t) => {
  const { file, assertGone } = hangingScript(t);
  const startedMs = performance.now();
  const check = await checkDataSets("/somewhere", { limitMs, file });
  // One after the other they would take 20 s.
  assert.ok(performance.now() - startedMs < 17_000);
  assert.deepEqual(
    check?.sets.map(({ note }) => note),
    Array(4).fill("its files can't be read in 5 s"),
  );
  await assertGone();
});

void test("a measurement that crashes is told in one sentence", async (t) => {
  const file = pathToFileURL(temporaryFile(t, "crashing.mjs", "process.abort();"));
  const checks = await checkBackends({ limitMs: 10_000, file });
  assert.equal(checks.find(({ name }) => name === "cpu")?.note, "its process ended (SIGABRT)");
});
