/** Packets that are of no use: what they cost us, and how many of them we take from one neighbour. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMean } from "../../shared/core/averaging/mean.ts";
import { offenceLimit } from "../../shared/core/conduct.ts";
import { encodingOf } from "../../shared/core/encoding.ts";
import {
  emptyHeader,
  headerBytes,
  maxPacketBytes,
  packetKinds,
  writeHeader,
} from "../../shared/core/packet.ts";
import type { PacketHeader } from "../../shared/core/packet.ts";
import { createRng } from "../../shared/core/rng.ts";
import { createRoundMachine } from "../../shared/core/round.ts";
import { createExchange } from "../../shared/net/exchange.ts";

const fullValues = 280;
const rounds = 1_000_000;
/** 940 full fragments, and one of a single value. */
const valueCount = 940 * fullValues + 1;

/** The exchange of "me", whose link to "other" says how often it was looked at and why it was closed. */
function openExchange() {
  let now = 0;
  const seen = { looks: 0, reasons: [] as string[] };
  const machine = createRoundMachine({
    peerId: "me",
    seed: 1,
    valueCount,
    rounds,
    encoding: encodingOf("f32"),
    reduce: createMean(fullValues),
    rng: createRng(1),
  });
  for (const id of ["other", "third"]) machine.linkOpened(id);
  machine.install({ epoch: 1, fromRound: 0, members: ["me", "other", "third"] });
  const exchange = createExchange({
    clock: { now: () => now, after: () => () => undefined },
    machine,
    channel: "unreliable",
    mesh: {
      open: ["other"],
      canSend() {
        seen.looks += 1;
        return false;
      },
      send: () => false,
      tell: () => true,
      shun: (_peerId, reason) => void seen.reasons.push(reason),
    },
  });

  /** So many packets a second; returns how many it took until the link was closed, if it was. */
  function send(count: number, perSecond: number, packetOf: (i: number) => Uint8Array): number {
    const from = now;
    for (let i = 0; i < count; i++) {
      now = from + (1_000 * i) / perSecond;
      exchange.onBytes("other", packetOf(i));
      if (seen.reasons.length > 0) return i + 1;
    }
    return count;
  }
  return { machine, send, seen };
}

function packet(values: number, change: Partial<PacketHeader>): Uint8Array {
  const bytes = new Uint8Array(maxPacketBytes);
  const fragment = values === fullValues ? 3 : 940;
  const header = { ...emptyHeader(), kind: packetKinds.gather, epoch: 1, remaining: 9, seat: 1, fragment };
  writeHeader({ ...header, ...change }, bytes);
  return bytes.slice(0, headerBytes + 4 * values);
}

const small = packet(1, { round: 500 });
const full = packet(fullValues, { round: 500 });
const ofOtherView = packet(1, { round: 500, epoch: 9 });
const tooMany = "too many packets that are of no use";

test("after a packet of no use nobody looks at the links; the first of a later round is news", () => {
  const { send, seen } = openExchange();
  send(1_000, 1_000, () => ofOtherView);
  assert.equal(seen.looks, 0);
  send(1_000, 1_000, () => small);
  assert.equal(seen.looks, 1);
  assert.deepEqual(seen.reasons, []);
});

test("a crowd of small packets that are of no use closes the link, whatever makes them useless", () => {
  const later = (i: number) => packet(1, { round: 500 + i });
  for (const packetOf of [() => ofOtherView, () => small, later]) {
    const { send, seen } = openExchange();
    const taken = send(200_000, 10_000, packetOf);
    assert.deepEqual(seen.reasons, [tooMany]);
    assert.ok(taken > 20_000 && taken < 30_000, `${taken}`);
  }
});

test("nor does a muted peer go on for ever", () => {
  const { send, seen, machine } = openExchange();
  send(offenceLimit + 1, 1_000, () => packet(1, { round: 0, seat: 2 }));
  assert.deepEqual([machine.counts("other")?.conduct.reason, seen.reasons], ["notOwed", []]);
  const { looks } = seen;
  const taken = send(200_000, 10_000, () => small);
  assert.deepEqual(seen.reasons, [tooMany]);
  assert.ok(taken > 20_000 && taken < 30_000, `${taken}`);
  assert.equal(seen.looks, looks);
});

test("whole rounds for somebody who fell behind are no crowd: at 50 MB/s, or in rounds of 2 ms", () => {
  const large = openExchange();
  // Shares of a third of the model each, whose last fragment may be short.
  assert.equal(
    large.send(435_000, 43_500, (i) => (i % 314 === 0 ? small : full)),
    435_000,
  );
  const quick = openExchange();
  // A model of 300 values in a view that we do not know yet: one scatter and one gather, 500 times a second.
  const third = packet(100, { round: 500, epoch: 9 });
  assert.equal(
    quick.send(60_000, 1_000, () => third),
    60_000,
  );
});
