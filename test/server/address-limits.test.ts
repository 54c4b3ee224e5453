import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAddresses } from "../../signaling-server/addresses.ts";
import { openRaw } from "../labs/raw-websocket.ts";
import { startServer } from "./fixture.ts";

/** An address that opens and closes sockets as fast as it is let, and a clock. */
function play(socketsPerAddress: number) {
  let nowMs = 0;
  const addresses = createAddresses({ socketsPerAddress }, () => nowMs);
  return {
    addresses,
    pass: (ms: number) => void (nowMs += ms),
    /** How many of `tries` come in, each gone at once. */
    come(tries: number): number {
      let admitted = 0;
      for (let i = 0; i < tries; i++) {
        const leave = addresses.admit("192.0.2.1");
        leave?.();
        if (leave) admitted += 1;
      }
      return admitted;
    },
  };
}

describe("an address", () => {
  test("opens 50 sockets a second, and twice its share at once", () => {
    const game = play(256);
    assert.equal(game.come(1_000), 512);
    game.pass(1_000);
    assert.equal(game.come(1_000), 50);
    game.pass(60_000);
    assert.equal(game.come(1_000), 512);
  });

  test("pays 64 of them for each socket that had to be thrown out, later what it does not have, for 82 s at most", () => {
    const game = play(256);
    for (let i = 0; i < 8; i++) game.addresses.charge("192.0.2.1");
    assert.equal(game.come(1_000), 0);
    game.addresses.charge("192.0.2.1");
    game.pass(1_000);
    assert.equal(game.come(1_000), 0);
    game.pass(1_000);
    assert.equal(game.come(1_000), 36);
    for (let i = 0; i < 1_000; i++) game.addresses.charge("192.0.2.1");
    game.pass(81_000);
    assert.equal(game.come(1_000), 0);
    game.pass(1_000);
    assert.equal(game.come(1_000), 4);
  });
});

test("a server has so many sockets in all, from wherever they come", async (t) => {
  const server = await startServer(t, { maxSockets: 3 });
  const all = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
  const [first, ...others] = await Promise.all(
    all.slice(0, 3).map((address) => openRaw(server.port, address)),
  );
  await assert.rejects(openRaw(server.port, all[3]));
  first?.tcp.destroy();
  while (server.status().sockets > 2) await new Promise((resolve) => setTimeout(resolve, 10));
  others.push(await openRaw(server.port, all[3]));
  for (const { tcp } of others) tcp.destroy();
});
