/** Suite: on a path that loses packets, fragments are lost as often, control never. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectPair } from "../labs/link-pair.ts";
import { pause, within } from "../labs/real-time.ts";
import type { Stack } from "./stacks.ts";
import type { Caps } from "./suite.ts";
import { checkNumbered, countArrivals, numbered, sendPatiently } from "./traffic.ts";

const loss = 0.1;
const texts = 50;

export function describeLoss(stack: Stack, { lossFragments, lossPaceMs, lossQuietMs }: Caps): void {
  test("with 10 % loss a tenth of the fragments is lost; control is whole and in order", async () => {
    const path = stack.path({ loss: 0 });
    const pair = await connectPair(path.first, path.second);
    path.set({ loss });
    const arrivals = countArrivals(lossFragments, lossQuietMs);
    const seen: string[] = [];
    const allTexts = new Promise<void>((resolve) => {
      pair.b.on.text = (text) => seen.push(text) === texts && resolve();
    });
    pair.b.on.bytes = (_channel, bytes) => arrivals.add(checkNumbered(bytes));
    for (let number = 0; number < lossFragments; number++) {
      if (number % (lossFragments / texts) === 0) pair.a.link.sendText(`text ${number}`);
      await pause(lossPaceMs);
      await sendPatiently(pair.a, numbered(number, 1_150), 0);
    }
    await within(60_000, "every text", allTexts);
    await arrivals.settled();
    const numbers = seen.map((text) => Number(text.split(" ")[1]));
    assert.deepEqual(
      numbers,
      numbers.toSorted((x, y) => x - y),
    );
    const delivered = arrivals.numbers.size / lossFragments;
    // Four standard errors of a fair coin, and one point for what the stack itself does.
    const tolerance = 4 * Math.sqrt((loss * (1 - loss)) / lossFragments) + 0.01;
    assert.ok(Math.abs(delivered - (1 - loss)) <= tolerance, `${delivered} of the fragments arrived`);
    assert.equal(arrivals.arrived(), arrivals.numbers.size, "nothing is sent twice");
    await pair.close();
  });
}
