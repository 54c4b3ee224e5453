/**
 * The attack of bench/signaling-load.ts, `node signaling-attack.js PORT SECONDS`: one client sends offers to
 * unknown ids as fast as they are read and comes back whenever it is cut off; one address opens 1,000 sockets.
 */
import { frameOf, openRaw } from "../test/labs/raw-websocket.ts";

const [port = NaN, seconds = NaN] = process.argv.slice(2).map(Number);
const floodAddress = "127.0.0.3";
const crowdAddress = "127.0.0.4";
const crowdSize = 1_000;
const againMs = 100;

const data = { type: "offer", sdp: "x".repeat(8_000), key: "0".repeat(64), signature: "0".repeat(128) };
const offer = `42${JSON.stringify(["signal", { to: "0".repeat(32), attempt: "1", data }])}`;
const batch = Buffer.concat(Array.from({ length: 32 }, () => frameOf(offer)));
const until = performance.now() + seconds * 1_000;

/** The longest that a flooding socket lasted, milliseconds. */
async function flood(): Promise<number> {
  let longest = 0;
  while (performance.now() < until) {
    const offender = await openRaw(port, floodAddress).catch(() => undefined);
    if (!offender) {
      await new Promise((resolve) => setTimeout(resolve, againMs));
      continue;
    }
    const began = performance.now();
    const pour = () => {
      while (!offender.tcp.destroyed && offender.tcp.write(batch));
    };
    offender.tcp.on("drain", pour);
    pour();
    await new Promise((resolve) => offender.tcp.once("close", resolve));
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}

const flooding = flood();
const tries = Array.from({ length: crowdSize }, () => openRaw(port, crowdAddress).catch(() => undefined));
const crowd = (await Promise.all(tries)).filter((socket) => socket !== undefined);
const closedMs = await flooding;
console.log(JSON.stringify({ closedMs, inside: crowd.length }));
for (const { tcp } of crowd) tcp.destroy();
