/** In every round another owner vanishes in the middle of it and is back in the next one: harder than deaths can come. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";

const members = 8;
const rounds = 200;
const fragments = 40;
const valuesPerFragment = 16;
const valueCount = fragments * valuesPerFragment;

for (const loss of [0, 0.1]) {
  test(`an owner vanishes in the middle of every round, ${100 * loss} % of packets are lost: no round waits in vain`, (t) => {
    const rng = createRng(3);
    let gone: string | undefined;
    const group = createGroup({
      members,
      seed: 11,
      valueCount,
      valuesPerFragment,
      weather: { delayMs: 5, jitterMs: 3, loss },
      isCutOff: (peerId) => peerId === gone,
    });
    let replicas = group.ids.map((_, seat) => new Float32Array(valueCount).fill(seat));
    const times: number[] = [];
    const shares: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const victim = round % members;
      // Between the first packet and about when a round without a fault is over.
      const back = group.time.after(25 * rng.float(), () => void (gone = group.ids[victim]));
      const results = group.average(round, replicas);
      back();
      gone = undefined;
      for (const [seat, { roundMs, deadlineMs, averagedCount }] of results.entries()) {
        assert.ok(roundMs <= deadlineMs + 1e-6, `round ${round}: ${roundMs} of ${deadlineMs} ms`);
        if (seat === victim) continue;
        times.push(roundMs);
        shares.push(averagedCount / fragments);
      }
      replicas = results.map(({ values }) => new Float32Array(values));
    }
    const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
    const later = times.slice(times.length / 2);
    t.diagnostic(
      `the others: a round takes ${mean(later).toFixed(0)} ms, ${(100 * mean(shares)).toFixed(0)} % of it averaged`,
    );
    assert.ok(mean(later) < 250, `${mean(later)} ms`);
    // What the one that is gone owns is missing, and what was lost.
    assert.ok(mean(shares) > (1 - 1 / members) * (1 - loss) - 0.03, `${mean(shares)} of the fragments`);
    const firsts = replicas.map((replica) => replica[0] ?? NaN);
    const spread = Math.max(...firsts) - Math.min(...firsts);
    assert.ok(spread < 0.1, `replicas are ${spread} apart`);
  });
}
