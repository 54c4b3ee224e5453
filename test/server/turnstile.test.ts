import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurnstile } from "../../signaling-server/turnstile.ts";

const limits = { inside: 2, insideEach: 2, waiting: 1, waitingEach: 1 };
const stays = new AbortController().signal;

test("a turnstile lets so many in, lets so many wait, and turns the rest away", async () => {
  const { enter } = createTurnstile(limits);
  const first = await enter("a", stays);
  await enter("a", stays);
  let isIn = false;
  const third = enter("a", stays).then(() => (isIn = true));
  assert.equal(await enter("a", stays), undefined);
  assert.equal(isIn, false);
  first?.();
  first?.();
  await third;
  const fourth = enter("a", stays);
  assert.equal(await enter("a", stays), undefined, "who leaves twice makes room once");
  assert.equal(await Promise.race([fourth, Promise.resolve("waits")]), "waits");
});

test("who goes away while waiting leaves his place to others", async () => {
  const { enter } = createTurnstile(limits);
  const leave = await enter("a", stays);
  await enter("a", stays);
  const going = new AbortController();
  const gone = enter("a", going.signal);
  going.abort();
  assert.equal(await gone, undefined);
  const next = enter("b", stays);
  leave?.();
  assert.ok(await next);
  assert.equal(await enter("a", AbortSignal.abort()), undefined);
});

test("one name takes neither all turns nor all places to wait", async () => {
  const { enter } = createTurnstile({ inside: 3, insideEach: 1, waiting: 2, waitingEach: 1 });
  const leave = await enter("a", stays);
  const second = enter("a", stays);
  assert.equal(await enter("a", stays), undefined);
  assert.ok(await enter("b", stays), "past those who wait for a turn of their own");
  assert.ok(await enter("c", stays));
  const other = enter("d", stays);
  leave?.();
  assert.ok(await second, "in the order of their coming");
  assert.equal(await Promise.race([other, Promise.resolve("waits")]), "waits");
});
