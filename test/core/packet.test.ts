import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodingOf } from "../../shared/core/encoding.ts";
import {
  emptyHeader,
  headerBytes,
  maxPacketBytes,
  packetKinds,
  readHeader,
  valuesPerFragment,
  writeHeader,
} from "../../shared/core/packet.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const anyHeader = fc.record(
  {
    kind: fc.constantFrom(packetKinds.scatter, packetKinds.gather),
    encoding: fc.integer({ min: 0, max: 255 }),
    epoch: u32,
    round: u32,
    fragment: u32,
    seat: u16,
    contributors: u16,
    remaining: u32,
  },
  { noNullPrototype: true },
);

test("a header survives the wire", () => {
  const bytes = new Uint8Array(headerBytes + 4);
  const read = emptyHeader();
  fc.assert(
    fc.property(anyHeader, (header) => {
      writeHeader(header, bytes);
      assert.equal(readHeader(bytes, read), true);
      assert.deepEqual(read, header);
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

test("the header's layout is the documented one", () => {
  const bytes = new Uint8Array(headerBytes);
  const header = {
    kind: packetKinds.gather,
    encoding: 1,
    epoch: 0x0403_0201,
    round: 0x0807_0605,
    fragment: 0x0c0b_0a09,
    seat: 0x0e0d,
    contributors: 0x100f,
    remaining: 0x1413_1211,
  };
  writeHeader(header, bytes);
  const little = Array.from({ length: 20 }, (_, i) => i + 1);
  assert.deepEqual([...bytes], [1, 2, 1, 0, ...little]);
});

test("a full packet is within 1,150 bytes and as full as it can be", () => {
  for (const [name, values] of [
    ["f32", 280],
    ["f16", 560],
  ] as const) {
    const { bytesPerValue } = encodingOf(name);
    assert.equal(valuesPerFragment(bytesPerValue), values);
    const bytes = headerBytes + values * bytesPerValue;
    assert.ok(bytes <= maxPacketBytes && bytes + 8 * bytesPerValue > maxPacketBytes, `${name}: ${bytes}`);
  }
});

test("any bytes are read or refused, and nothing is read from a packet of another shape", () => {
  const header = emptyHeader();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_400 }), (bytes) => {
      const isOurs =
        bytes.length > headerBytes &&
        bytes.length <= maxPacketBytes &&
        bytes[0] === 1 &&
        (bytes[1] === 1 || bytes[1] === 2 || bytes[1] === 4) &&
        bytes[3] === 0;
      assert.equal(readHeader(bytes, header), isOurs);
    }),
    { seed: 2, numRuns: 2_000 },
  );
});

test("every truncation and every flipped bit of a header is read or refused", () => {
  const whole = new Uint8Array(maxPacketBytes);
  writeHeader(emptyHeader(), whole);
  const header = emptyHeader();
  for (let length = 0; length <= maxPacketBytes; length++) {
    assert.equal(readHeader(whole.subarray(0, length), header), length > headerBytes);
  }
  assert.equal(readHeader(new Uint8Array(maxPacketBytes + 1).fill(1), header), false);
  for (let bit = 0; bit < headerBytes * 8; bit++) {
    const bent = whole.slice();
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // Version and zero byte must hold; kinds differ in two bits, so that none becomes another.
    const mustBeRefused = bit >> 3 === 0 || bit >> 3 === 1 || bit >> 3 === 3;
    assert.equal(readHeader(bent, header), !mustBeRefused, `bit ${bit}`);
  }
});
