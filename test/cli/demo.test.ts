import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pause } from "../labs/real-time.ts";
import { testTask } from "../server/fixture.ts";
import { start, temporaryFile } from "./command.ts";
import type { Running } from "./command.ts";

const skip = existsSync("/proc/self/cmdline") ? false : "demo: needs /proc to see what processes are left";

async function startDemo(t: TestContext, rounds: number): Promise<{ demo: Running; port: string }> {
  const file = temporaryFile(t, "task.json", JSON.stringify(testTask({ rounds })));
  const demo = start(t, "demo", "--peers", "3", "--port", "0", "--task", file);
  const page = await demo.line(/^page /);
  return { demo, port: new URL(page.replace("page", "").trim()).port };
}

/** The demo's peers that are still there, by what they were started with. */
function peersOf(port: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`127.0.0.1:${port}`);
    } catch {
      return false; // gone meanwhile
    }
  });
}

async function training(port: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const status = await (await fetch(`http://127.0.0.1:${port}/api/status`)).text();
    if (/"round":[1-9]/.test(status)) return;
    await pause(100);
  }
  throw new Error("the demo does not train");
}

async function gone(port: string): Promise<void> {
  for (let tries = 0; tries < 300 && peersOf(port).length > 0; tries++) await pause(100);
  assert.deepEqual(peersOf(port), []);
}

void test("the demo trains to the end, shows the result and leaves no process", { skip }, async (t) => {
  const { demo, port } = await startDemo(t, 30);
  const { code, stdout, stderr } = await demo.ended();
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.match(stdout, /^join {2}shoal join http:\/\//m);
  assert.match(stdout, /^shoal demo · 3 peers train test with rps for 30 rounds$/m);
  // All of the last table is filled in, though the peers are gone.
  assert.match(stdout, /^peer-3 +finished +30 +[\d.]+ +[\d.]+ % +[\d,]+ +[\d.]+ % +[\d.]+ ms$/m);
  assert.match(stdout, /the run is over: validation accuracy [\d.]+ % \(mean of 3 peers\)\. The page ends/);
  assert.deepEqual(peersOf(port), []);
});

void test("Ctrl-C ends the demo and its peers", { skip }, async (t) => {
  const { demo, port } = await startDemo(t, 1_000_000);
  await training(port);
  assert.equal(peersOf(port).length, 3);
  demo.kill("SIGINT");
  const { code, stdout } = await demo.ended(30_000);
  assert.equal(code, 0);
  assert.match(stdout, /peer-1 +stopped/);
  assert.deepEqual(peersOf(port), []);
});

void test("a demo that is killed takes its peers with it", { skip }, async (t) => {
  const { demo, port } = await startDemo(t, 1_000_000);
  await training(port);
  demo.kill("SIGKILL");
  await gone(port);
});

void test("a peer that dies is shown and the others go on", { skip }, async (t) => {
  const { demo, port } = await startDemo(t, 1_000_000);
  await training(port);
  process.kill(Number(peersOf(port)[0]), "SIGKILL");
  await demo.line(/peer-\d died \(130\): ended by SIGKILL/);
  assert.equal(peersOf(port).length, 2);
  demo.kill("SIGTERM");
  assert.equal((await demo.ended(30_000)).code, 0);
});
