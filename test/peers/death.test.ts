import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { watchLateness } from "../labs/lateness.ts";
import { within } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";

const child = fileURLToPath(new URL("dying-child.js", import.meta.url));

test("a peer killed with SIGKILL between scatter and gather costs the others one round, within its deadline", async (t) => {
  const lateness = watchLateness(t);
  const { add, server } = await openRoom(t, toyTask({ minPeers: 4 }));
  const others = await Promise.all([add(1), add(2), add(3)]);
  const dying = spawn(process.execPath, [child, `http://127.0.0.1:${server.port}`, "30"]);
  t.after(() => dying.kill("SIGKILL"));
  let said = "";
  dying.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [, signal] = await within(30_000, "the death", once(dying, "exit"));
  assert.equal(signal, "SIGKILL");
  const round = Number.parseInt(said, 10);
  assert.ok(round >= 30, `it died in round ${said}`);

  const outOfView = ({ peer, until }: (typeof others)[number]) =>
    until("a view without it", () => peer.snapshot().members === 3, 12_000);
  await Promise.all(others.map(outOfView));
  for (const { results, until } of others) {
    await until("the round of the death", () => (results.at(-1)?.round ?? 0) >= round);
    const during = results.find((result) => result.round === round);
    assert.ok(
      during && during.roundMs <= during.deadlineMs + lateness(),
      `${during?.roundMs} of ${during?.deadlineMs} ms, ${lateness()} late`,
    );
    assert.ok(during.averagedCount < during.averaged.length, "its block has no average");
    const count = results.length;
    await until("20 more rounds", () => results.length >= count + 20);
    const isWhole = () => results.slice(count).some((it) => it.averagedCount === it.averaged.length);
    await until("whole rounds again, in the view without it", isWhole);
  }
});
