/**
 * Plain datagrams, to test the lab itself: `echo` sends every datagram back; `probe ADDRESS COUNT BYTES` sends that
 * many to an echo and prints how many came back and how fast; BURST at a time, one of which has to come back first.
 */
import { createSocket } from "node:dgram";
import { setImmediate } from "node:timers/promises";
import { pause } from "../labs/real-time.ts";

const port = 7_777;
const [mode = "echo", address = "", count = "0", bytes = "32", burstOf = "16"] = process.argv.slice(2);
/**
 * After so long a silence nothing more is on its way. In turns of a millisecond: a time in which this process
 * does not run, however long, is one.
 */
const quietTurns = 1_500;
const burst = Number(burstOf);
const socket = createSocket("udp4");

if (mode === "echo") {
  socket.on("message", (data, from) => socket.send(data, from.port, from.address));
  socket.bind(port, () => console.log("ready"));
} else {
  const tripsMs: number[] = [];
  let silentTurns = 0;
  let newestMs = 0;
  socket.on("message", (data) => {
    silentTurns = 0;
    newestMs = data.readDoubleLE(0);
    tripsMs.push(performance.now() - newestMs);
  });
  const datagram = Buffer.alloc(Number(bytes));
  for (let sent = 0; sent < Number(count); sent += burst) {
    const burstMs = performance.now();
    for (let i = sent; i < Math.min(sent + burst, Number(count)); i++) {
      datagram.writeDoubleLE(performance.now(), 0);
      socket.send(Buffer.from(datagram), port, address);
    }
    // Two bursts under way at most: an echo that does not run for a while loses what its socket cannot hold.
    // One of a burst comes back even where a rule drops every fifth each way (0.36 ** 16 is lost whole).
    await until(() => newestMs >= burstMs, 2_000);
  }
  const turnIsQuiet = () => ++silentTurns > quietTurns;
  await until(() => tripsMs.length === Number(count) || turnIsQuiet(), 20_000);
  const tripMs = tripsMs.toSorted((a, b) => a - b)[tripsMs.length >> 1];
  socket.close(() => console.log(JSON.stringify({ returned: tripsMs.length, tripMs })));
}

async function until(isSo: () => boolean, mostMs: number): Promise<void> {
  const end = performance.now() + mostMs;
  while (!isSo() && performance.now() < end) {
    await pause(1);
    // Timers come before sockets: what has arrived is read first.
    await setImmediate();
  }
}
