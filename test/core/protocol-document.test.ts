/** docs/protocol.md against the code: its constants and its worked examples. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { encodingOf } from "../../shared/core/encoding.ts";
import { fragmentsFor, createPlan } from "../../shared/core/plan.ts";
import { dropCauses } from "../../shared/core/drops.ts";
import { headerBytes, valuesPerFragment, writeHeader } from "../../shared/core/packet.ts";
import { parityOf } from "../../shared/core/parity/erasure-code.ts";
import { createRng, mix, permutation } from "../../shared/core/rng.ts";
import { parseControl } from "../../shared/net/control.ts";
import { protocolVersion } from "../../shared/net/messages.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const document = read("docs/protocol.md");

/** The JSON block that begins with the named key. */
function example(key: string): unknown {
  const blocks = [...document.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const block = blocks.find((text) => text.includes(`"${key}":`));
  assert.ok(block, `no example "${key}"`);
  return JSON.parse(block);
}

const numbers = v.array(v.number());

test("every constant has the value that the document says", () => {
  const rows = [...document.matchAll(/^\| (\w+) \| (\d+) \| (\S+\.ts) \|/gm)];
  assert.ok(rows.length >= 30, `${rows.length} rows`);
  for (const [, name, value, file] of rows) {
    const text = read(file ?? "");
    const found = new RegExp(`\\b${name}(?:\\s*=|:)\\s*([\\d_]+)`).exec(text)?.[1];
    assert.equal(Number(found?.replaceAll("_", "")), Number(value), `${name} in ${file}`);
  }
});

test("the example of a packet is one", () => {
  const header = v.object({
    kind: v.literal(1),
    encoding: v.number(),
    epoch: v.number(),
    round: v.number(),
    fragment: v.number(),
    seat: v.number(),
    contributors: v.number(),
    remaining: v.number(),
  });
  const schema = v.object({ packet: v.object({ header, values: numbers, bytes: v.string() }) });
  const { packet } = v.parse(schema, example("packet"));
  const encoding = encodingOf("f32");
  const bytes = new Uint8Array(headerBytes + packet.values.length * encoding.bytesPerValue);
  writeHeader(packet.header, bytes);
  encoding.encode(
    Float32Array.from(packet.values),
    0,
    packet.values.length,
    bytes,
    headerBytes,
    createRng(0),
  );
  assert.equal(Buffer.from(bytes).toString("hex"), packet.bytes);
  assert.equal(fragmentsFor(3_083, valuesPerFragment(4)), packet.header.fragment + 1);
  assert.equal(3_083 - packet.header.fragment * valuesPerFragment(4), packet.values.length);
});

test("the example of parity is one", () => {
  const rows = v.array(v.string());
  const { parity } = v.parse(v.object({ parity: v.object({ data: rows, rows }) }), example("parity"));
  const data = Buffer.from(parity.data.join(""), "hex");
  const made = parityOf(parity.rows.length, data, parity.data.length, 4);
  assert.deepEqual(
    made.map((row) => Buffer.from(row).toString("hex")),
    parity.rows,
  );
});

test("the example of a plan is one, step by step", () => {
  const schema = v.object({
    plan: v.object({
      seed: v.number(),
      epoch: v.number(),
      round: v.number(),
      members: v.number(),
      fragmentCount: v.number(),
      mixed: v.number(),
      state: v.array(v.string()),
      draws: numbers,
      swapWith: numbers,
      permutation: numbers,
      ownerOfFragment: numbers,
    }),
  });
  const { plan } = v.parse(schema, example("plan"));
  const mixed = mix(plan.seed, plan.epoch, plan.round);
  assert.equal(mixed, plan.mixed);
  const state = [mix(mixed, 0), mix(mixed, 1), mix(mixed, 2), (mix(mixed, 3) | 1) >>> 0];
  assert.deepEqual(
    state.map((word) => word.toString(16).padStart(8, "0")),
    plan.state,
  );
  const rng = createRng(mixed);
  assert.deepEqual(
    plan.draws.map(() => rng.u32()),
    plan.draws,
  );
  assert.deepEqual(
    plan.draws.map((draw, i) => draw % (plan.members - i)),
    plan.swapWith,
  );
  assert.deepEqual([...permutation(plan.members, createRng(mixed))], plan.permutation);
  const { ownerOf } = createPlan(plan);
  assert.deepEqual(
    plan.ownerOfFragment.map((_, fragment) => ownerOf(fragment)),
    plan.ownerOfFragment,
  );
});

test("the further permutations are right", () => {
  const rows = [
    ...document.matchAll(
      /seed (\d+), epoch (\d+), round (\d+), (\d+) members gives (?:the permutation )?([\d ]+\d)/g,
    ),
  ];
  assert.equal(rows.length, 2);
  for (const [, seed, epoch, round, members, order] of rows) {
    const rng = createRng(mix(Number(seed), Number(epoch), Number(round)));
    assert.equal([...permutation(Number(members), rng)].join(" "), order);
  }
});

test("the control messages are understood as they stand there", () => {
  const rows = [...document.matchAll(/^\| `(\{"type":.*?\})` \|/gm)].map((match) => match[1] ?? "");
  assert.equal(rows.length, 9);
  for (const row of rows) {
    const text = row.replace(/\b[ETN]\b(?=[,}])/g, "7");
    const message = parseControl(text);
    assert.ok(message, text);
    if (message.type === "hello") assert.equal(message.protocol, protocolVersion);
  }
});

test("every cause of a drop is explained", () => {
  for (const cause of dropCauses) assert.match(document, new RegExp(`^\\| \`${cause}\` \\|`, "m"));
});
