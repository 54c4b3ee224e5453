/** Packets, events and checkpoints that make no sense, by the million (bench/hostile-input.ts). */
import * as v from "valibot";
import { benchFigures } from "../bench-figures.ts";
import type { Chaos, Check, Row } from "../row.ts";

const none = (what: string, measured: number): Check => ({ what, unit: "", measured, most: 0 });
const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number) =>
  items.reduce((sum, item) => sum + of(item), 0);

function input<Schema extends v.GenericSchema>(
  chaos: Chaos,
  args: readonly (string | number)[],
  schema: Schema,
) {
  return benchFigures(chaos, "hostile-input", [...args, "--seed", chaos.rng.below(2 ** 31)], schema);
}

const packetsSchema = v.object({
  packets: v.array(
    v.object({
      mutations: v.picklist(["invalid", "anything"]),
      packets: v.number(),
      throws: v.number(),
      changed: v.number(),
      notFinite: v.number(),
      unaccounted: v.number(),
      slowdown: v.number(),
      ofDeadline: v.number(),
    }),
  ),
});

const packetWords = (count: string) =>
  `${count} invalid packets, and as many among which good ones are, in the name of one of four simulated peers (with audits: of six), into machines that average: plain, f16 with parity, robust, robust with audits`;

const packets: Row = {
  name: "packets",
  version: 2,
  what: { full: packetWords("1,000,000"), short: packetWords("15,000") },
  repeats: { full: 1, short: 1 },
  seconds: { full: 150, short: 6 },
  async run(chaos) {
    const count = chaos.size === "full" ? 1_000_000 : 15_000;
    const all = (await input(chaos, ["--only", "packets", "--packets", 2 * count], packetsSchema)).packets;
    const bad = all.filter(({ mutations }) => mutations === "invalid");
    const fed = (of: typeof all) => sumOf(of, (each) => each.packets);
    return [
      { what: "invalid packets", unit: "", measured: fed(bad), least: count },
      { what: "the others", unit: "", measured: fed(all) - fed(bad), least: count },
      none(
        "throws",
        sumOf(all, (each) => each.throws),
      ),
      none(
        "replicas that the invalid ones changed, by a bit or more",
        sumOf(bad, (each) => each.changed),
      ),
      none(
        "values that are none",
        sumOf(all, (each) => each.notFinite),
      ),
      none(
        "packets without an account",
        sumOf(all, (each) => each.unaccounted),
      ),
      {
        what: "the longest simulated round, with the invalid ones against without",
        unit: "times",
        measured: Math.max(...bad.map(({ slowdown }) => slowdown)),
        most: 1.2,
      },
      {
        what: "the longest simulated round",
        unit: "of its deadline",
        measured: Math.max(...all.map(({ ofDeadline }) => ofDeadline)),
        most: 1,
      },
    ];
  },
};

const eventsSchema = v.object({
  events: v.object({
    events: v.number(),
    failures: v.array(v.string()),
    uncounted: v.number(),
    changes: v.number(),
    signalMs: v.nullable(v.number()),
    calmSignalMs: v.nullable(v.number()),
    closedAfterMs: v.nullable(v.number()),
  }),
});

const events: Row = {
  name: "events",
  version: 2,
  what: {
    full: "100,000 mutated events at a server, on sockets that have joined a room and on others; two peers go on in theirs",
    short:
      "2,000 mutated events at a server, on sockets that have joined a room and on others; two peers go on in theirs",
  },
  repeats: { full: 1, short: 1 },
  seconds: { full: 150, short: 6 },
  async run(chaos) {
    const count = chaos.size === "full" ? 100_000 : 2_000;
    const { events: it } = await input(chaos, ["--only", "events", "--events", count], eventsSchema);
    return [
      { what: "events", unit: "", measured: it.events, least: count },
      none("throws", it.failures.length),
      none("changes to the others' room", it.changes),
      none("events in no count", it.uncounted),
      {
        what: "who goes on is closed after",
        unit: "s",
        measured: (it.closedAfterMs ?? NaN) / 1_000,
        most: 2,
      },
      { what: "others' signals meanwhile, p99", unit: "ms", measured: it.signalMs ?? NaN },
      { what: "without them", unit: "ms", measured: it.calmSignalMs ?? NaN },
    ];
  },
};

const damageSchema = v.object({
  count: v.number(),
  loaded: v.number(),
  previousWhole: v.number(),
  saidWrong: v.number(),
});
const checkpointsSchema = v.object({
  checkpoints: v.object({
    damaged: damageSchema,
    killed: v.object({ ...damageSchema.entries, written: v.number(), unfinished: v.number() }),
  }),
});

const checkpoints: Row = {
  name: "checkpoints",
  what: {
    full: "60 checkpoints cut off, with a bit flipped, a sector of zeros, longer or half gone; 40 programs get SIGKILL while they write one",
    short:
      "10 checkpoints cut off, with a bit flipped, a sector of zeros, longer or half gone; 2 programs get SIGKILL while they write one",
  },
  repeats: { full: 1, short: 1 },
  seconds: { full: 60, short: 5 },
  async run(chaos) {
    const [damaged, killed] = chaos.size === "full" ? [60, 40] : [10, 2];
    const args = ["--only", "checkpoints", "--damaged", damaged, "--killed", killed];
    const { checkpoints: it } = await input(chaos, args, checkpointsSchema);
    const both = [it.damaged, it.killed];
    return [
      none(
        "bad ones loaded",
        sumOf(both, ({ loaded }) => loaded),
      ),
      {
        what: "whole ones before them that are loaded in their place",
        unit: "",
        measured: sumOf(both, ({ previousWhole }) => previousWhole),
        least: damaged + killed,
      },
      none(
        "sentences that are missing or too much",
        sumOf(both, ({ saidWrong }) => saidWrong),
      ),
      { what: "checkpoints written by those that were killed", unit: "", measured: it.killed.written },
      { what: "files that they left unfinished", unit: "", measured: it.killed.unfinished },
    ];
  },
};

export const inputRows: readonly Row[] = [packets, events];
export const checkpointRows: readonly Row[] = [checkpoints];
