/** Suite: how a link comes to be, or not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Signal } from "../../shared/net/link.ts";
import { bothOpen, connectPair, createEnd, startPair } from "../labs/link-pair.ts";
import { pause, realClock, within } from "../labs/real-time.ts";
import type { Stack } from "./stacks.ts";

export function describeConnecting(stack: Stack): void {
  test("both ends open once and say how they are connected", async () => {
    const { first, second } = stack.path();
    const pair = await connectPair(first, second);
    for (const { link } of [pair.a, pair.b]) {
      assert.equal(link.state, "open");
      for (let turn = 0; !link.stats().candidateType && turn < 200; turn++) await pause(10);
      const { rttMs, candidateType } = link.stats();
      assert.match(candidateType ?? "", /^(?:host|prflx)$/);
      assert.ok((rttMs ?? 0) >= 0 && (rttMs ?? 0) < 1_000, `round trip ${rttMs} ms`);
    }
    await pair.close();
  });

  test("candidates that outrun the description are kept", async () => {
    const { first, second } = stack.path();
    const held: (() => void)[] = [];
    const hold = (signal: Signal, deliver: () => void) => {
      if (signal.type === "candidate") deliver();
      else held.push(deliver);
    };
    const pair = startPair(first, second, hold);
    // The offer goes when its candidates are out, and so does the answer.
    for (let turn = 0; pair.a.link.state === "connecting" && turn < 100; turn++) {
      await pause(50);
      for (const deliver of held.splice(0)) deliver();
    }
    await bothOpen(pair);
    await pair.close();
  });

  test('a remote that never answers: closed with reason "connect time-out", in time', async () => {
    const startedMs = realClock.now();
    const { link, closed, reasons } = createEnd(stack.path().first, true, () => {}, 300);
    assert.equal(await within(3_000, "the time-out", closed), "connect time-out");
    assert.ok(realClock.now() - startedMs >= 290);
    assert.equal(link.state, "closed");
    assert.equal(reasons.length, 1);
  });

  test("nonsense from the remote never throws: the link ignores it or closes", async () => {
    const nonsense: Signal[] = [
      { type: "candidate", candidate: { candidate: "" } },
      { type: "candidate", candidate: { candidate: "candidate:nonsense", sdpMid: "0" } },
      { type: "answer", sdp: "nonsense" },
      { type: "offer", sdp: "v=0\r\nnonsense" },
      { type: "candidate", candidate: { candidate: "candidate:1 1 udp 1 999.0.0.1 99999 typ host" } },
    ];
    for (const initiator of [true, false]) {
      const { link, closed, reasons } = createEnd(stack.path().first, initiator, () => {}, 1_000);
      await pause(20);
      for (const signal of nonsense) link.signal(signal);
      await within(5_000, "the end of the link", closed);
      for (const signal of nonsense) link.signal(signal);
      assert.equal(reasons.length, 1);
    }
  });
}
