import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fieldQueries, readFieldQuery, writeFieldQuery } from "../../shared/training/data/field-query.ts";
import { parseRange } from "../../signaling-server/byte-range.ts";

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
        const said = Object.fromEntries(new URLSearchParams(address));
        const heard = readFieldQuery(said, { bytes: fileBytes, records: field });
        assert.deepEqual(heard?.field, field);
        assert.equal(readFieldQuery(said, { bytes: start, records: field }), undefined);
        const others = [
          undefined,
          { start: start + 1, recordBytes },
          { start, recordBytes: recordBytes + 1 },
        ];
        for (const other of others)
          assert.equal(readFieldQuery(said, { bytes: 1e9, ...(other && { records: other }) }), undefined);
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

test("an answer holds 4 MiB at most, also of one record", () => {
  const records = { start: 0, recordBytes: 190_000_000 };
  const query = { record: "190000000", start: "0", from: "0", first: "0", take: "AQ" };
  const read = (length: number) =>
    readFieldQuery({ ...query, length: `${length}` }, { bytes: 190_000_000, records });
  assert.equal(read(4 * 1024 * 1024)?.which.length, 1);
  assert.equal(read(4 * 1024 * 1024 + 1), undefined);
  assert.equal(read(190_000_000), undefined);
});
