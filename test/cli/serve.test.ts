import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTask } from "../../shared/core/task.ts";
import { run, start, temporaryFile } from "./command.ts";

void test("serve says where the page is and how to join, and ends with Ctrl-C", async (t) => {
  const server = start(t, "serve", "--port", "0", "--room", "mine", "--host", "127.0.0.1");
  const page = (await server.line(/page/)).trim().split(/\s+/)[1] ?? "";
  assert.match(await server.line(/join/), /join {2}npx shoal join http:\/\/127\.0\.0\.1:\d+\/join\/mine$/);
  assert.equal((await fetch(new URL("/healthz", page))).status, 200);
  server.kill("SIGINT");
  assert.equal((await server.ended(5_000)).code, 0);
});

void test("--print-task prints a task file that --task reads", async (t) => {
  const { stdout } = await run(t, "serve", "--print-task", "--task", "glyphs-mlp");
  assert.equal(parseTask(JSON.parse(stdout)).name, "glyphs-mlp");
  const again = await run(t, "serve", "--print-task", "--task", temporaryFile(t, "task.json", stdout));
  assert.equal(again.stdout, stdout);
});
