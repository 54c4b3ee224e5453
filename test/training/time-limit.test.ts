import assert from "node:assert/strict";
import { test } from "node:test";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { within } from "../../shared/training/time-limit.ts";

test("what does not answer in time is given up then", async () => {
  const time = createVirtualTime();
  const ending = assert.rejects(within(time, 4_500, "it hangs", new Promise(() => {})), /it hangs/);
  while (time.step());
  await ending;
  assert.equal(time.now(), 4_500);
});

test("a machine that slept longer than the limit comes back to one late tick", async () => {
  let fire = (): void => undefined;
  let timers = 0;
  const after = (_ms: number, run: () => void) => {
    timers = 1;
    fire = run;
    return () => void (timers = 0);
  };
  let answer = (_word: string): void => undefined;
  const answered = within(
    { after },
    30_000,
    "it hangs",
    new Promise<string>((resolve) => (answer = resolve)),
  );
  fire(); // two minutes later
  answer("it is done");
  assert.equal(await answered, "it is done");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(timers, 0);
});
