/** Peers that are away for whole rounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createExchange } from "../../shared/simulation/exchange.ts";
import { createOutages } from "../../shared/simulation/outages.ts";

test("peers are away for the share asked for, and for as long", () => {
  const [peers, rounds] = [50, 2_000];
  const state = createOutages({ share: 0.3, meanRounds: 5 }, peers, createRng(1));
  let [away, left] = [0, 0];
  let before = Array.from({ length: peers }, (_, peer) => state.isDown(peer));
  for (let round = 0; round < rounds; round++) {
    state.advance();
    const now = before.map((_, peer) => state.isDown(peer));
    away += now.filter(Boolean).length;
    left += now.filter((isDown, peer) => isDown && !before[peer]).length;
    before = now;
  }
  assert.ok(Math.abs(away / (peers * rounds) - 0.3) < 0.01, `away for ${away / (peers * rounds)}`);
  assert.ok(Math.abs(away / left - 5) < 0.25, `${away / left} rounds on average`);
});

test("who is away keeps what it has, and the others average without it", () => {
  const peers = 4;
  const exchange = createExchange({
    peers,
    valueCount: 64,
    valuesPerFragment: 4,
    averaging: "rps",
    seed: 2,
    outages: { share: 0.4, meanRounds: 3 },
  });
  const own = Array.from({ length: peers }, (_, peer) => new Float32Array(64).fill(2 ** peer));
  let [kept, mixed] = [0, 0];
  for (let round = 0; round < 30; round++) {
    for (const [peer, replica] of exchange.round(round, own, own).entries()) {
      if (replica.every((value) => value === 2 ** peer)) kept += 1;
      else mixed += 1;
    }
  }
  assert.ok(kept > 20 && mixed > 20, `${kept} kept, ${mixed} mixed`);
});
