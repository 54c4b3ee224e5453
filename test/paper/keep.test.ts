/** What is measured once is there the next time, unless something that it depends on has changed. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { keepIn } from "../../bench/paper/keep.ts";
import { measured } from "../../bench/paper/kept-file.ts";

test("a measurement is made once for all that it depends on, and checked when it is read", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-keep-"));
  t.after(() => rmSync(folder, { recursive: true }));
  let made = 0;
  const measure = (seed: number) =>
    keepIn(folder)({
      name: "lab",
      of: { seed },
      schema: v.object({ count: v.number(), loss: measured }),
      make: async () => ({ count: ++made, loss: NaN }),
    });
  const first = await measure(1);
  assert.deepEqual(await measure(1), first);
  assert.equal((await measure(2)).count, 2);
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"count":');
  await assert.rejects(measure(1), /lab-\w{8}\.json: is no whole JSON: delete it$/);
});
