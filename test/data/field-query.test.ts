import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fieldQueries, readFieldQuery, writeFieldQuery } from "../../shared/training/data/field-query.ts";
import { parseRange } from "../../signaling-server/byte-range.ts";
import { createTurnstile } from "../../signaling-server/turnstile.ts";

test("what is asked for in addresses is what the other end reads, each record once", () => {
  const records = fc.uniqueArray(fc.nat(60_000), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(records, fc.nat(20), fc.integer({ min: 1, max: 4_000 }), (chosen, start, recordBytes) => {
      const which = Uint32Array.from(chosen).toSorted();
      const field = { start, recordBytes, from: 0, length: recordBytes };
      const fileBytes = start + recordBytes * ((which.at(-1) ?? 0) + 1);
      const read = fieldQueries(field, which).flatMap((query) => {
        const address = writeFieldQuery(query);
        assert.ok(address.length < 3_000, `${address.length} characters`);
        const heard = readFieldQuery(Object.fromEntries(new URLSearchParams(address)), fileBytes);
        assert.deepEqual(heard?.field, field);
        assert.equal(readFieldQuery(Object.fromEntries(new URLSearchParams(address)), start), undefined);
        return [...heard.which];
      });
      assert.deepEqual(read, [...which]);
    }),
  );
});

test("a range of bytes is inside of the file, or everything, or nothing", () => {
  const cases: readonly (readonly [string | undefined, ReturnType<typeof parseRange>])[] = [
    [undefined, undefined],
    ["bytes=0-0", { from: 0, length: 1 }],
    ["bytes=5-", { from: 5, length: 5 }],
    ["bytes=-3", { from: 7, length: 3 }],
    ["bytes=-30", { from: 0, length: 10 }],
    ["bytes=2-100", { from: 2, length: 8 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-4", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,3-4", undefined],
    ["lines=0-1", undefined],
  ];
  for (const [header, expected] of cases) assert.deepEqual(parseRange(header, 10), expected, header);
});

test("a turnstile lets so many in, lets so many wait, and turns the rest away", async () => {
  const { enter } = createTurnstile(2, 1);
  const first = await enter();
  await enter();
  let isIn = false;
  const third = enter()?.then((leave) => {
    isIn = true;
    return leave;
  });
  assert.equal(enter(), undefined);
  await Promise.resolve();
  assert.equal(isIn, false);
  first?.();
  first?.();
  await third;
  assert.equal(isIn, true);
  assert.ok(enter(), "there is room to wait again");
  assert.equal(enter(), undefined, "who leaves twice makes room once");
});
