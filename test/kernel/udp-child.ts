/**
 * Plain datagrams, to test the lab itself: `echo` sends every datagram back; `probe ADDRESS COUNT BYTES` sends that
 * many to an echo and prints how many came back and how fast.
 */
import { createSocket } from "node:dgram";
import { pause } from "../labs/real-time.ts";

const port = 7_777;
const [mode = "echo", address = "", count = "0", bytes = "32"] = process.argv.slice(2);
const socket = createSocket("udp4");

if (mode === "echo") {
  socket.on("message", (data, from) => socket.send(data, from.port, from.address));
  socket.bind(port, () => console.log("ready"));
} else {
  const tripsMs: number[] = [];
  socket.on("message", (data) => tripsMs.push(performance.now() - data.readDoubleLE(0)));
  const datagram = Buffer.alloc(Number(bytes));
  for (let i = 0; i < Number(count); i++) {
    datagram.writeDoubleLE(performance.now(), 0);
    socket.send(Buffer.from(datagram), port, address);
    if (i % 16 === 15) await pause(1);
  }
  await pause(300);
  const tripMs = tripsMs.toSorted((a, b) => a - b)[tripsMs.length >> 1];
  socket.close(() => console.log(JSON.stringify({ returned: tripsMs.length, tripMs })));
}
