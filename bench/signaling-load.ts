/**
 * What sockets cost one server process: idle ones by the thousand and what is left of them, signals among
 * thousands of sockets, a flood, a restart.
 * Clients are raw WebSockets from many addresses of this machine (127.x.y.z; Linux), so that the limits for
 * one address hold as they are; those that a restarted server gets back are members (signaling-restart.ts).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { text, wholeNumber } from "../peer-node/cli-options.ts";
import { limits } from "../shared/net/messages.ts";
import { openRaw } from "../test/labs/raw-websocket.ts";
import type { RawWebSocket } from "../test/labs/raw-websocket.ts";
import { keep, readOptions, resultFile, someOf } from "./options.ts";
import { startRelays } from "./signaling-relays.ts";
import { measureRestart } from "./signaling-restart.ts";
import { startServer } from "./signaling-server.ts";
import type { Server } from "./signaling-server.ts";

const { values } = readOptions({
  what: "what do sockets cost a signaling server: idle ones, signals, a flood, a restart?",
  options: {
    only: someOf(["idle", "signals", "flood", "restart"], "what to measure"),
    idle: text("N,…", "idle sockets (default: 1000,5000,10000)"),
    cycles: wholeNumber("N", "times that the most of them come and go (default: 3)", { min: 1, max: 100 }),
    signals: wholeNumber("N", "signals a second among 5,000 sockets (default: 3000)", {
      min: 1,
      max: 100_000,
    }),
    flood: wholeNumber("S", "seconds of flood (default: 10)", { min: 1, max: 600 }),
    restart: wholeNumber("N", "members that a killed server gets back (default: 5000)", {
      min: 1,
      max: 10_000,
    }),
    out: resultFile(),
  },
});

const attackFile = fileURLToPath(new URL("signaling-attack.js", import.meta.url));
const perAddress = 100;
const atOnce = 100;
/** Sooner than the server asks. */
const pongMs = 4_000;
const settleMs = 2_000;
/** A server that a crowd has left gives its memory back within this (signaling-server/heap-relief.ts). */
const reliefMs = 12_000;
/** Signals of honest peers beside a flood. */
const othersPerSecond = 100;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
const addressOf = (index: number) => `127.1.${index >> 8}.${(index & 255) + 1}`;

/** Opens `count` sockets, some at a time; what is sent to them is answered with a sign of life. */
async function openMany(port: number, count: number): Promise<{ close(): Promise<void> }> {
  const sockets: RawWebSocket[] = [];
  // From the first one on: on a slow machine the last comes when the first has been asked for one.
  const timer = setInterval(() => {
    for (const { send } of sockets) send("3");
  }, pongMs);
  for (let from = 0; from < count; from += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) =>
      openRaw(port, addressOf(Math.floor((from + at) / perAddress))),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return {
    async close() {
      clearInterval(timer);
      for (const { tcp } of sockets) tcp.destroy();
      await pause(settleMs);
    },
  };
}

/** What the first connections make a process load is not theirs. */
async function startWarmServer(): Promise<Server> {
  const server = await startServer();
  await (await openMany(server.port, atOnce)).close();
  return server;
}

async function measureIdle(counts: readonly number[], cycles: number) {
  const rows: { count: number; bytesEach: number }[] = [];
  for (const count of counts) {
    const server = await startWarmServer();
    const base = (await server.figures()).residentBytes;
    const crowd = await openMany(server.port, count);
    await pause(settleMs);
    const { residentBytes, sockets } = await server.figures();
    if (sockets !== count) throw new Error(`${sockets} of ${count} sockets are open`);
    const bytesEach = Math.round((residentBytes - base) / count);
    rows.push({ count, bytesEach });
    console.log(`${count} idle sockets: ${(bytesEach / 1_000).toFixed(1)} kB each`);
    await crowd.close();
    await server.kill();
  }
  const most = Math.max(...counts);
  const server = await startWarmServer();
  const before = (await server.figures()).residentBytes;
  const after: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await (await openMany(server.port, most)).close();
    await pause(reliefMs);
    after.push((await server.figures("as it is")).residentBytes);
    console.log(
      `after ${cycle + 1} × ${most}: ${megabytes(after.at(-1) ?? 0)} MB (before: ${megabytes(before)})`,
    );
  }
  await server.kill();
  return { rows, before, after };
}

/** Four full rooms send signals; the other sockets are idle. */
async function measureSignals(perSecond: number) {
  const rooms = 4;
  const sockets = 5_000;
  const server = await startServer(0, rooms);
  const relays = await startRelays(server.port, rooms);
  const crowd = await openMany(server.port, sockets - rooms * limits.membersPerRoom);
  const figures = await relays.run(perSecond, 10);
  console.log(
    `${sockets} sockets, ${perSecond} signals a second: ${figures.delivered} of ${figures.sent} delivered, ` +
      `p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`,
  );
  relays.close();
  await crowd.close();
  await server.kill();
  return { sockets, ...figures };
}

/** Honest peers beside an attack (signaling-attack.ts), which has a process of its own. */
async function measureFlood(seconds: number) {
  const server = await startWarmServer();
  const others = await startRelays(server.port, 1);
  const calm = await others.run(othersPerSecond, seconds);
  const before = (await server.figures()).residentBytes;
  const attack = spawn(process.execPath, [attackFile, String(server.port), String(seconds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told: Promise<unknown[]> = once(createInterface({ input: attack.stdout }), "line");
  const isOver = once(attack, "exit");
  let most = before;
  const watch = setInterval(() => {
    void server.figures("as it is").then(({ residentBytes }) => (most = Math.max(most, residentBytes)));
  }, 250);
  const flooded = await others.run(othersPerSecond, seconds);
  const [line] = await told;
  await isOver;
  clearInterval(watch);
  others.close();
  // Our own child's words.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { closedMs, inside } = JSON.parse(String(line)) as { closedMs: number; inside: number };
  const { expelled } = await server.figures();
  const row = {
    seconds,
    grownBytes: most - before,
    expelled,
    longestMsUntilClosed: Math.round(closedMs),
    socketsOfOneAddress: inside,
    othersCalm: calm,
    othersFlooded: flooded,
  };
  console.log(
    `flood of ${seconds} s: ${expelled} sockets cut off, the slowest after ` +
      `${row.longestMsUntilClosed} ms; ${inside} of 1000 sockets from one address; ` +
      `the server grew by ${megabytes(row.grownBytes)} MB at most; ` +
      `others' signals p99 ${flooded.p99Ms} ms, ${calm.p99Ms} ms before`,
  );
  await server.kill();
  return row;
}

const counts = (values.idle ?? "1000,5000,10000").split(",").map(Number);
const isWanted = (what: "idle" | "signals" | "flood" | "restart") => values.only?.includes(what) ?? true;
const idle = isWanted("idle") && (await measureIdle(counts, values.cycles ?? 3));
const signals = isWanted("signals") && (await measureSignals(values.signals ?? 3_000));
const flood = isWanted("flood") && (await measureFlood(values.flood ?? 10));
const restart = isWanted("restart") && (await measureRestart(values.restart ?? 5_000));
const results = {
  ...(idle && { idle }),
  ...(signals && { signals }),
  ...(flood && { flood }),
  ...(restart && { restart }),
};
keep(values.out, `${JSON.stringify(results, null, 2)}\n`);
