import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { createPath, fairWeather } from "../../shared/simulation/weather.ts";

/** Loss and mean length of a burst of losses over many packets. */
function measure(loss: number, meanBurst: number) {
  const path = createPath({ ...fairWeather, loss, meanBurst }, createRng(1));
  const packets = 400_000;
  let lost = 0;
  let bursts = 0;
  let wasLost = false;
  for (let i = 0; i < packets; i++) {
    const isLost = path.fate().length === 0;
    if (isLost) lost += 1;
    if (isLost && !wasLost) bursts += 1;
    wasLost = isLost;
  }
  return { loss: lost / packets, burst: lost / bursts };
}

test("independent losses have the share asked for", () => {
  for (const loss of [0.01, 0.1, 0.4]) {
    const measured = measure(loss, 1);
    assert.ok(Math.abs(measured.loss - loss) < 0.003, `${measured.loss}`);
    assert.ok(Math.abs(measured.burst - 1 / (1 - loss)) < 0.05, `${measured.burst}`);
  }
});

test("bursts have the mean length and leave the share as asked for", () => {
  const measured = measure(0.1, 50);
  assert.ok(Math.abs(measured.loss - 0.1) < 0.015, `${measured.loss}`);
  assert.ok(Math.abs(measured.burst - 50) < 5, `${measured.burst}`);
});

test("delay, jitter and duplicates are as asked for", () => {
  const path = createPath({ ...fairWeather, delayMs: 10, jitterMs: 5, duplicate: 0.3 }, createRng(2));
  const fates = Array.from({ length: 20_000 }, () => path.fate());
  assert.ok(fates.flat().every((delay) => delay >= 10 && delay < 15));
  const copies = fates.filter((fate) => fate.length === 2).length / fates.length;
  assert.ok(Math.abs(copies - 0.3) < 0.02, `${copies}`);
});

test("nothing arrives over a dead path, everything over a fair one", () => {
  const dead = createPath({ ...fairWeather, loss: 1 }, createRng(3));
  const fair = createPath(fairWeather, createRng(3));
  for (let i = 0; i < 1_000; i++) {
    assert.deepEqual(dead.fate(), []);
    assert.deepEqual(fair.fate(), [1]);
  }
});

test("virtual time runs events in order of time, then of making, and skips what was cancelled", () => {
  const time = createVirtualTime();
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name} at ${time.now()}`);
  time.after(5, note("late"));
  time.after(1, note("first"));
  time.after(1, note("second"));
  time.after(2, note("cancelled"))();
  time.after(1, () => time.after(-3, note("the past is now")));
  while (time.step());
  assert.deepEqual(ran, ["first at 1", "second at 1", "the past is now at 1", "late at 5"]);
  assert.throws(() => createForever().runUntil(() => false, 100), /not done after 100 events/);
});

function createForever() {
  const time = createVirtualTime();
  const again = () => void time.after(1, again);
  again();
  return time;
}
