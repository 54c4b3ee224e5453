/** Two tabs that have no path to each other but a TURN server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateLink } from "../../shared/net/link.ts";
import { createIceServers } from "../../signaling-server/turn.ts";
import { startCoturn, turnSecret } from "../labs/coturn.ts";
import { bothOpen, startPair } from "../labs/link-pair.ts";
import { pause } from "../labs/real-time.ts";
import { openChromiumLinks } from "../link/chromium-links.ts";
import { checkNumbered, countArrivals, numbered } from "../link/traffic.ts";
import { needsChromium, needsCoturn } from "../needs.ts";

test("two tabs are linked through a TURN server", { skip: needsChromium() || needsCoturn() }, async (t) => {
  const [coturn, chromium] = await Promise.all([startCoturn(t), openChromiumLinks(["transfer", "transfer"])]);
  t.after(() => chromium.close());
  const [first, second] = chromium.tabs;
  assert.ok(first && second);
  const unixSeconds = () => Date.now() / 1000;
  const serversOf = createIceServers({ iceServers: [coturn.url], secret: turnSecret, unixSeconds });
  const throughTurn =
    (createLink: CreateLink): CreateLink =>
    (given) =>
      createLink({ ...given, iceServers: serversOf("0123456789abcdef".repeat(2)) });
  // No other path is ever offered to the other side.
  const isKept = (text: string) => text.includes("typ relay");
  const pair = startPair(throughTurn(first.createLink), throughTurn(second.createLink), (signal, deliver) => {
    if (signal.type !== "candidate" || isKept(signal.candidate.candidate)) deliver();
  });
  await bothOpen(pair);
  const arrivals = countArrivals(64, 5_000);
  pair.b.on.bytes = (_channel, bytes) => arrivals.add(checkNumbered(bytes));
  for (let number = 0; number < 64; number++) pair.a.link.send("control", numbered(number, 1_000));
  await arrivals.settled();
  assert.equal(arrivals.numbers.size, 64);
  // A tab's figures come a moment after they are asked for.
  const path = () => pair.a.link.stats().candidateType;
  for (let turn = 0; path() === undefined && turn < 100; turn++) await pause(50);
  assert.equal(path(), "relay");
  assert.deepEqual([first.faults, second.faults], [[], []]);
  await pair.close();
});
