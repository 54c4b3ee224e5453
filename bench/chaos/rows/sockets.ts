/** What thousands of sockets do to one signaling server (bench/signaling-load.ts). */
import * as v from "valibot";
import { benchFigures } from "../bench-figures.ts";
import type { Row } from "../row.ts";

const bench = "signaling-load";

const idleSchema = v.object({
  idle: v.object({
    rows: v.array(v.object({ count: v.number(), bytesEach: v.number() })),
    before: v.number(),
    after: v.array(v.number()),
  }),
});

const idle: Row = {
  name: "sockets-idle",
  what: {
    full: "10,000 idle sockets on one server process, started as operating.md tells; as many come and go three times",
    short:
      "2,000 idle sockets on one server process, started as operating.md tells; as many come and go once",
  },
  repeats: { full: 3, short: 1 },
  seconds: { full: 110, short: 35 },
  async run(chaos) {
    const isFull = chaos.size === "full";
    const args = ["--only", "idle", "--idle", isFull ? 10_000 : 2_000, "--cycles", isFull ? 3 : 1];
    const { rows, before, after } = (await benchFigures(chaos, bench, args, idleSchema)).idle;
    return [
      {
        what: "resident memory, each",
        unit: "kB",
        measured: Math.max(...rows.map(({ bytesEach }) => bytesEach)) / 1_000,
        // Of few sockets most is the process's own growth.
        ...(isFull && { most: 20 }),
      },
      {
        what: "resident memory 14 s after the last have gone, above that of before",
        unit: "%",
        measured: 100 * (Math.max(...after) / before - 1),
        most: 10,
      },
    ];
  },
};

const signalsSchema = v.object({
  signals: v.object({ sent: v.number(), delivered: v.number(), p50Ms: v.number(), p99Ms: v.number() }),
});

const signals: Row = {
  name: "sockets-signals",
  what: {
    full: "5,000 sockets, 3,000 relayed signals a second for 10 s",
    short: "5,000 sockets, 300 relayed signals a second for 10 s",
  },
  repeats: { full: 1, short: 1 },
  seconds: { full: 30, short: 30 },
  async run(chaos) {
    const args = ["--only", "signals", "--signals", chaos.size === "full" ? 3_000 : 300];
    const figures = (await benchFigures(chaos, bench, args, signalsSchema)).signals;
    const { sent, delivered, p50Ms, p99Ms } = figures;
    return [
      { what: "delivered", unit: "%", measured: (100 * delivered) / sent, least: 100 },
      { what: "signals sent", unit: "", measured: sent },
      { what: "their way, p50", unit: "ms", measured: p50Ms },
      { what: "p99", unit: "ms", measured: p99Ms, most: 50 },
    ];
  },
};

const relaySchema = v.object({ sent: v.number(), delivered: v.number(), p99Ms: v.number() });
const floodSchema = v.object({
  flood: v.object({
    grownBytes: v.number(),
    expelled: v.number(),
    longestMsUntilClosed: v.number(),
    socketsOfOneAddress: v.number(),
    othersCalm: relaySchema,
    othersFlooded: relaySchema,
  }),
});

const flood: Row = {
  name: "sockets-flood",
  what: {
    full: "one client floods with offers to unknown ids as fast as they are read, and comes back whenever it is cut off; one address tries 1,000 sockets; 10 s",
    short:
      "one client floods with offers to unknown ids as fast as they are read, and comes back whenever it is cut off; one address tries 1,000 sockets; 3 s",
  },
  repeats: { full: 3, short: 1 },
  seconds: { full: 35, short: 20 },
  async run(chaos) {
    const args = ["--only", "flood", "--flood", chaos.size === "full" ? 10 : 3];
    const { flood: it } = await benchFigures(chaos, bench, args, floodSchema);
    return [
      { what: "resident memory grew by", unit: "MB", measured: it.grownBytes / 1e6, most: 50 },
      {
        what: "others' signals, p99, with it against without",
        unit: "times",
        measured: it.othersFlooded.p99Ms / it.othersCalm.p99Ms,
        most: 2,
      },
      { what: "p99 without it", unit: "ms", measured: it.othersCalm.p99Ms },
      {
        what: "others' signals that were delivered",
        unit: "%",
        measured: (100 * it.othersFlooded.delivered) / it.othersFlooded.sent,
        least: 100,
      },
      {
        what: "the flooding socket was closed after",
        unit: "s",
        measured: it.longestMsUntilClosed / 1_000,
        most: 2,
      },
      { what: "sockets cut off", unit: "", measured: it.expelled, least: 1 },
      { what: "sockets of the one address, of 1,000", unit: "", measured: it.socketsOfOneAddress },
    ];
  },
};

const restartSchema = v.object({ restart: v.object({ allBackMs: v.number() }) });

const restart: Row = {
  name: "sockets-restart",
  version: 2,
  what: {
    full: "SIGKILL to a server with 5,000 clients, 3 s without one",
    short: "SIGKILL to a server with 300 clients, 3 s without one",
  },
  repeats: { full: 3, short: 1 },
  seconds: { full: 30, short: 10 },
  async run(chaos) {
    const args = ["--only", "restart", "--restart", chaos.size === "full" ? 5_000 : 300];
    const { allBackMs } = (await benchFigures(chaos, bench, args, restartSchema)).restart;
    return [
      { what: "all are back after the server is, in", unit: "s", measured: allBackMs / 1_000, most: 15 },
    ];
  },
};

export const socketRows: readonly Row[] = [idle, signals, flood, restart];
