import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createTalk } from "../../shared/net/talk.ts";

const beat = JSON.stringify({ type: "beat" });
const long = JSON.stringify({
  type: "sketch",
  round: 1,
  values: Array.from({ length: 64 }, () => 0.123456789012),
  moved: 1,
});

/** Of so many texts a second, for ten seconds: why the link was closed, and after how many of them. */
function say(text: string, perSecond: number) {
  const talk = createTalk();
  const reasons: string[] = [];
  let heard = 0;
  for (let i = 0; i < 10 * perSecond && reasons.length === 0; i++)
    if (talk.hear(text, (1_000 * i) / perSecond, (reason) => reasons.push(reason))) heard += 1;
  return { heard, reason: reasons[0] };
}

describe("what a neighbour says", () => {
  test("is heard as long as it could be of rounds of 2 ms", () => {
    assert.deepEqual(say(beat, 2_000), { heard: 20_000, reason: undefined });
    assert.deepEqual(say(long, 500), { heard: 5_000, reason: undefined });
  });

  test("closes its link when there is no end to it, whether it makes sense or not", () => {
    for (const [text, most] of [
      [beat, 20_000],
      [long, 5_000],
    ] as const) {
      const { heard, reason } = say(text, 20_000);
      assert.equal(reason, "too many messages");
      assert.ok(heard > 1_000 && heard < most, `${heard}`);
    }
    assert.deepEqual(say("{", 10), { heard: 0, reason: "too many messages that make no sense" });
  });
});
