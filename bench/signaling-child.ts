/**
 * The server of bench/signaling-load.ts, in a process of its own: `node --expose-gc signaling-child.js PORT
 * ROOMS [SOCKETS_PER_ADDRESS]`. Says where it listens, and its resident bytes whenever it is asked with a line: after a
 * collection of garbage, or `as it is`.
 */
import { createInterface } from "node:readline";
import { loadTask } from "../peer-node/task-source.ts";
import { createSignalingServer } from "../signaling-server/server.ts";

const [port = "0", rooms = "1", socketsPerAddress] = process.argv.slice(2);
const task = loadTask("glyphs-mlp");
const names = Array.from({ length: Number(rooms) }, (_, index) => `room-${index}`);
const server = await createSignalingServer({
  tasks: Object.fromEntries(names.map((name) => [name, task])),
  host: "127.0.0.1",
  port: Number(port),
  ...(socketsPerAddress !== undefined && { socketsPerAddress: Number(socketsPerAddress) }),
});
console.log(JSON.stringify({ port: server.port }));
createInterface({ input: process.stdin }).on("line", (line) => {
  // Collecting takes tens of milliseconds: not while others are timed.
  if (line !== "as it is") globalThis.gc?.();
  const { sockets, signals } = server.status();
  const expelled = (signals["flood"]?.refused ?? 0) + (signals["expelled"]?.refused ?? 0);
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1_000;
  console.log(JSON.stringify({ residentBytes: process.memoryUsage.rss(), cpuMs, sockets, expelled }));
});
process.stdin.on("end", () => process.exit(0));
