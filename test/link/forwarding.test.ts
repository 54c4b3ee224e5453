/** Packets carried over a port, without a browser: what counts as buffered, and what happens when nobody takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createForwardedChannels } from "../../peer-browser/links/forwarded-channels.ts";
import { forwardChannels } from "../../peer-browser/links/forwarding.ts";
import type { DataChannelLike } from "../../shared/net/channel-link.ts";
import { pause } from "../labs/real-time.ts";

type Listener = (event: { readonly data: unknown }) => void;

/** A channel of the page whose buffer and events are the test's. */
function createPageChannel() {
  const listeners = new Map<string, Listener>();
  const sent: unknown[] = [];
  const channel = {
    readyState: "open",
    bufferedAmount: 0,
    bufferedAmountLowThreshold: 0,
    binaryType: "blob",
    addEventListener: (type: string, listener: Listener) => void listeners.set(type, listener),
    send: (data: unknown) => void sent.push(data),
    close: () => {},
  } satisfies DataChannelLike;
  return { channel, sent, tell: (type: string, data?: unknown) => listeners.get(type)?.({ data }) };
}

function open(t: TestContext) {
  const { port1, port2 } = new MessageChannel();
  const fragments = createPageChannel();
  const control = createPageChannel();
  let overflows = 0;
  forwardChannels(port1, fragments.channel, control.channel, () => overflows++);
  const own = createForwardedChannels(port2);
  t.after(() => {
    port1.close();
    port2.close();
  });
  fragments.tell("open");
  control.tell("open");
  return { fragments, control, own, overflows: () => overflows };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; !isTrue() && turn < 400; turn++) await pause(5);
  assert.ok(isTrue());
}

test("buffered is what the page has not taken and what waits in its channel; room is told once", async (t) => {
  const { fragments, own } = open(t);
  await until(() => own.fragments.readyState === "open");
  let drained = 0;
  own.fragments.bufferedAmountLowThreshold = 4_096;
  own.fragments.addEventListener("bufferedamountlow", () => drained++);
  fragments.channel.bufferedAmount = 6_000;
  for (let i = 0; i < 10; i++) own.fragments.send(new Uint8Array(1_000));
  assert.equal(own.fragments.bufferedAmount, 10_000);
  await until(() => fragments.sent.length === 10);
  await until(() => own.fragments.bufferedAmount === 6_000);
  assert.equal(drained, 0);
  fragments.channel.bufferedAmount = 4_000;
  fragments.tell("bufferedamountlow");
  await until(() => own.fragments.bufferedAmount === 4_000);
  assert.equal(drained, 1);
  fragments.channel.bufferedAmount = 0; // No event any more: it is told because we ask.
  await until(() => own.fragments.bufferedAmount === 0);
  assert.equal(drained, 1);
});

test("a remote that floods a worker: fragments are dropped beyond the cap, control ends the link", async (t) => {
  const { fragments, control, own, overflows } = open(t);
  let arrived = 0;
  own.fragments.addEventListener("message", () => arrived++);
  // All in one turn: the worker can take nothing.
  for (let i = 0; i < 1_000; i++) fragments.tell("message", new ArrayBuffer(16_384));
  assert.equal(overflows(), 0);
  for (let i = 0; i < 600; i++) control.tell("message", "x".repeat(16_384));
  assert.ok(overflows() > 0);
  await until(() => arrived > 0);
  await pause(50);
  assert.ok(arrived < 600, `${arrived} of 1,000 fragments were kept`);
});

test("what came before a channel closed still arrives, then the close, once", async (t) => {
  const { control, own } = open(t);
  const seen: unknown[] = [];
  own.control.addEventListener("message", ({ data }) => seen.push(data));
  own.control.addEventListener("close", () => seen.push("closed"));
  for (const text of ["one", "two", "three"]) control.tell("message", text);
  control.tell("close");
  control.tell("close");
  await until(() => seen.includes("closed"));
  await pause(20);
  assert.deepEqual(seen, ["one", "two", "three", "closed"]);
  assert.throws(() => own.control.send("anyone?"));
});
