/** Suite: what goes through a link when nothing goes wrong, and how it holds back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { highWaterBytes, maxMessageBytes } from "../../shared/net/link.ts";
import { connectPair } from "../labs/link-pair.ts";
import type { LinkEnd } from "../labs/link-pair.ts";
import { pause, within } from "../labs/real-time.ts";
import type { Stack } from "./stacks.ts";
import { checkNumbered, countArrivals, nextText, numbered, sendPatiently } from "./traffic.ts";

export function describeFlow(stack: Stack): void {
  test("fragments arrive whole, whatever their order and size", async () => {
    const { first, second } = stack.path();
    const pair = await connectPair(first, second);
    const arrivals = countArrivals(300, 1_000);
    pair.b.on.bytes = (channel, bytes) => {
      assert.equal(channel, "fragments");
      arrivals.add(checkNumbered(bytes));
    };
    for (let number = 0, there = 0; number < 300; number++) {
      // A view into a larger buffer, as the packet writer makes them.
      const length = number % 30 === 29 ? maxMessageBytes : 4 + ((number * 37) % 1_147);
      const roomy = new Uint8Array(length + 16);
      roomy.set(numbered(number, length), 8);
      const sent = roomy.subarray(8, 8 + length);
      await sendPatiently(pair.a, sent, 16_384);
      sent.fill(0); // The link has its own copy by now.
      // A receiver that does not run for a tenth of a second loses what its socket can't hold, about 200 kB.
      if (number % 10 === 9) there = await arrivals.reach(there + 10, 1_000);
    }
    await arrivals.settled();
    assert.ok(arrivals.numbers.size >= 290, `${arrivals.numbers.size} of 300 arrived`);
    assert.equal(arrivals.arrived(), arrivals.numbers.size, "none arrives twice");
    await pair.close();
  });

  test("control arrives in order and whole, text and bytes", async () => {
    const { first, second } = stack.path();
    const pair = await connectPair(first, second);
    const seen: number[] = [];
    const all = new Promise<void>((resolve) => {
      const take = (number: number) => seen.push(number) === 400 && resolve();
      pair.a.on.text = (text) => {
        assert.equal(text, textOf(Number(text.slice(0, 4))));
        take(Number(text.slice(0, 4)));
      };
      pair.a.on.bytes = (channel, bytes) => {
        assert.equal(channel, "control");
        take(checkNumbered(bytes));
      };
    });
    for (let number = 0; number < 400; number++) {
      const { link } = pair.b;
      const ok =
        number % 5 === 4 ? link.send("control", numbered(number, 900)) : link.sendText(textOf(number));
      assert.equal(ok, true);
    }
    await within(20_000, "400 control messages", all);
    assert.deepEqual(
      seen,
      Array.from({ length: 400 }, (_, number) => number),
    );
    await pair.close();
  });

  test("a message that is too large is refused whole, and the link lives on", async () => {
    const { first, second } = stack.path();
    const pair = await connectPair(first, second);
    let bytesSeen = 0;
    pair.b.on.bytes = () => bytesSeen++;
    assert.equal(pair.a.link.send("fragments", new Uint8Array(maxMessageBytes + 1)), false);
    assert.equal(pair.a.link.send("control", new Uint8Array(maxMessageBytes + 1)), false);
    assert.equal(pair.a.link.sendText("x".repeat(maxMessageBytes + 1)), false);
    assert.equal(pair.a.link.sendText("€".repeat(maxMessageBytes / 2)), false);
    const next = nextText(pair.b);
    const longest = "x".repeat(maxMessageBytes);
    assert.equal(pair.a.link.sendText(longest), true);
    assert.equal(await next, longest);
    assert.equal(bytesSeen, 0);
    await pair.close();
  });

  test("a full buffer refuses fragments, and says when there is room again", async (t) => {
    const path = stack.path({ rateBytesPerSecond: 4_000_000 });
    const pair = await connectPair(path.first, path.second);
    t.after(() => pair.close());
    path.set({ blackout: true, rateBytesPerSecond: 400_000 });
    let taken = 0;
    // libwebrtc hides about 2 MB below the buffer that it shows.
    while (taken < 8_000 && pair.a.link.send("fragments", numbered(taken, 1_150))) {
      assert.ok(pair.a.link.bufferedBytes < highWaterBytes + 1_150);
      if (++taken % 100 === 0) await pause(1);
    }
    assert.ok(taken < 8_000, "the buffer fills up");
    assert.equal(pair.a.link.sendText("control is not held back"), true);
    path.set({ blackout: false, rateBytesPerSecond: Number.POSITIVE_INFINITY });
    await within(20_000, "the drain event", sentOnDrain(pair.a));
  });
}

/** While the buffer fills it may drain, too: what that says can arrive when it is full. */
async function sentOnDrain({ link, on }: LinkEnd): Promise<void> {
  do await new Promise<void>((resolve) => (on.drain = resolve));
  while (!link.send("fragments", numbered(0, 1_150)));
}

function textOf(number: number): string {
  return `${String(number).padStart(4, "0")} ${"grüße 🐟 ".repeat(number % 50)}`;
}
