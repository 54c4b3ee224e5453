/** What strangers say reaches the terminal as text, never as commands. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { demoTable } from "../../peer-node/demo-table.ts";
import { createPlainLines } from "../../peer-node/plain-lines.ts";
import { printable, printableJson } from "../../peer-node/printable.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { joined, startServer, testTask } from "../server/fixture.ts";

const rogue = "\x1b[2J\u2028rogue\u009b1m";
const shown = "\ufffd[2J\ufffdrogue\ufffd1m";

void test("control characters and line separators are replaced, the rest stays", () => {
  assert.equal(printable("\x00\x1f\x7f\x80\x9f\u2028\u2029\u202e\u200b"), "\ufffd".repeat(9));
  assert.equal(printable("Ünï ~\u00a0¡ 名前 🐟"), "Ünï ~\u00a0¡ 名前 🐟");
});

void test("a notice is one plain line", () => {
  const out = new PassThrough();
  const snapshot = () => assert.fail("a notice needs no figures");
  const display = createPlainLines({ out, clock: createVirtualTime(), snapshot });
  display.event({ kind: "notice", text: `${rogue} left: gone` });
  assert.equal(String(out.read()), `0:00  ${shown} left: gone\n`);
});

void test("a guest's name in the demo's table", async (t) => {
  const server = await startServer(t, { tasks: { room: testTask() } });
  await joined(t, server, 1);
  const room = server.status().rooms[0];
  assert.ok(room);
  const table = demoTable([], { ...room, peers: room.peers.map((peer) => ({ ...peer, name: rogue })) });
  assert.ok(table[1]?.startsWith(`${shown} `), table[1]);
});

void test("JSON for programs prints none of them and loses nothing", () => {
  const event = { text: `${rogue}\u202e\u{e0041}` };
  assert.doesNotMatch(printableJson(event), /[\p{Cc}\p{Cf}\u2028]/u);
  assert.deepEqual(JSON.parse(printableJson(event)), event);
});
