import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { parseTask } from "../../shared/core/task.ts";
import { startServer } from "../server/fixture.ts";
import { run, start, startWith, temporaryFile } from "./command.ts";

void test("serve says where the page is and how to join, and ends with Ctrl-C", async (t) => {
  const server = start(t, "serve", "--port", "0", "--room", "mine", "--host", "127.0.0.1");
  const page = (await server.line(/page/)).trim().split(/\s+/)[1] ?? "";
  assert.match(await server.line(/join/), /join {2}shoal join http:\/\/127\.0\.0\.1:\d+\/join\/mine$/);
  assert.equal((await fetch(new URL("/healthz", page))).status, 200);
  server.kill("SIGINT");
  assert.equal((await server.ended(5_000)).code, 0);
});

void test("serve on all addresses names the page for other devices, where there is a network", async (t) => {
  const server = start(t, "serve", "--port", "0");
  const lan = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const page = await server.line(/page/);
  const [, here, there] =
    /^ {2}page {2}(http:\/\/localhost:\d+)\/(?: {2}on other devices (http:\/\/.+)\/)?$/.exec(page) ?? [];
  assert.ok(here, page);
  assert.equal(there, lan && here.replace("localhost", lan));
  assert.equal(await server.line(/join/), `  join  shoal join ${there ?? here}`);
});

void test("an empty SHOAL_TURN_SECRET is none", async (t) => {
  const empty = { SHOAL_TURN_SECRET: "" };
  const server = startWith(t, empty, "serve", "--port", "0", "--ice-server", "stun:host");
  assert.match(await server.line(/page/), /http/);
  const { code, stderr } = await startWith(t, empty, "serve", "--ice-server", "turn:host").ended();
  assert.equal(code, 2);
  assert.match(stderr, /--ice-server \(turn:host\): needs/);
});

void test("a TURN server needs no password where there is a secret", async (t) => {
  const secret = { SHOAL_TURN_SECRET: "secret" };
  const server = startWith(t, secret, "serve", "--port", "0", "--ice-server", "turn:host");
  assert.match(await server.line(/page/), /http/);
});

void test("--print-task prints a task file that --task reads", async (t) => {
  const { stdout } = await run(t, "serve", "--print-task", "--task", "glyphs-mlp");
  assert.equal(parseTask(JSON.parse(stdout)).name, "glyphs-mlp");
  const again = await run(t, "serve", "--print-task", "--task", temporaryFile(t, "task.json", stdout));
  assert.equal(again.stdout, stdout);
});

void test("an invite's link lets a peer in until it is revoked; the room is hidden from everybody else", async (t) => {
  const key = temporaryFile(t, "key", "k".repeat(64));
  chmodSync(key, 0o600);
  const options = ["--creator-key-file", key];
  const gated = ["--task", "glyphs-mlp", "--access", "invite", ...options];
  const server = start(t, "serve", "--port", "0", "--host", "127.0.0.1", ...gated);
  const url = (await server.line(/page/)).trim().split(/\s+/)[1] ?? "";
  const { stdout } = await run(t, "invite", url, ...options);
  const link = stdout.trim();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join\/main#invite=main\.[\w.-]+$/);
  const joined = await run(t, "join", link, "--rounds", "1", "--quiet");
  assert.deepEqual([joined.code, joined.stderr], [0, ""]);
  const uninvited = await run(t, "join", url);
  assert.equal(uninvited.code, 4);
  assert.match(
    uninvited.stderr,
    /no room "main": this server has no open ones; one by invite needs an invite/,
  );
  const training = start(t, "join", link);
  await training.line(/training alone/);
  const revoked = await run(t, "revoke", link, ...options);
  assert.deepEqual([revoked.code, revoked.stderr], [0, ""]);
  const putOut = await training.ended(5_000);
  assert.deepEqual([putOut.code, putOut.stderr], [4, "shoal: your invite was revoked\n"]);
  assert.doesNotMatch(putOut.stdout, /is away/);
  const out = await run(t, "join", link);
  assert.deepEqual([out.code, out.stderr], [uninvited.code, uninvited.stderr]);
  const opened = await run(t, "room", url, "--access", "open", ...options);
  assert.deepEqual([opened.code, opened.stdout], [0, 'room "main" is open to everybody\n']);
  assert.match(await (await fetch(new URL("/api/status", url))).text(), /"room":"main"/);
});

void test("a room by invite needs a key", async (t) => {
  const { code, stderr } = await startWith(
    t,
    { SHOAL_CREATOR_KEY: "" },
    "serve",
    "--access",
    "invite",
  ).ended();
  assert.equal(code, 2);
  assert.match(stderr, /--access \(invite\): needs --creator-key-file/);
});

void test("a task for more peers than a room holds is refused by serve and by room", async (t) => {
  const { stdout } = await run(t, "serve", "--print-task");
  const task: unknown = JSON.parse(stdout);
  assert.ok(typeof task === "object");
  const file = temporaryFile(t, "task.json", JSON.stringify({ ...task, minPeers: 33 }));
  const sentence = "minPeers is 33: must be at most 32, as many as a room holds";
  const served = await run(t, "serve", "--task", file);
  assert.deepEqual([served.code, served.stderr], [2, `shoal: --task (${file}): ${sentence}\n`]);
  const creatorKey = "k".repeat(32);
  const { url } = await startServer(t, { creatorKey });
  const withKey = { SHOAL_CREATOR_KEY: creatorKey };
  const made = await startWith(t, withKey, "room", `${url}/join/new`, "--task", file).ended();
  assert.deepEqual([made.code, made.stderr], [4, `shoal: server (${url}): ${sentence}.\n`]);
});
