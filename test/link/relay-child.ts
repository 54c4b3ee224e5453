/**
 * A thread that serves the test's pages and passes calls and news between Node's main thread and the workers
 * of those pages. A thread, so that the main one can wait for an answer: a link's calls return at once.
 */
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { Server } from "socket.io";
import type { Socket } from "socket.io";
import type { LinkAnswer, LinkCall, LinkNews, RelayCall, RelayData, RelayNews } from "./link-calls.ts";

interface FromTab {
  news: (news: LinkNews) => void;
}
interface ToTab {
  call: (call: LinkCall) => void;
  ask: (call: LinkCall, answered: (answer: LinkAnswer) => void) => void;
}

const { files, answer }: RelayData = workerData;
const flags = new Int32Array(answer, 0, 2);
const text = new Uint8Array(answer, 8);
const tabs = new Map<number, Socket<FromTab, ToTab>>();
const tell = (news: RelayNews) => parentPort?.postMessage(news, []);

const server = createServer((request, response) => {
  const file = files[new URL(request.url ?? "/", "http://localhost").pathname];
  response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" });
  response.end(file?.text);
});
const io = new Server<FromTab, ToTab>(server, { serveClient: false, transports: ["websocket"] });
io.on("connection", (socket) => {
  const tab = Number(socket.handshake.auth["tab"]);
  tabs.set(tab, socket);
  socket.on("news", (news) => tell({ type: "news", tab, news }));
  tell({ type: "ready", tab });
});

parentPort?.on("message", ({ tab, call, isAsking }: RelayCall) => {
  if (isAsking) tabs.get(tab)?.emit("ask", call, giveAnswer);
  else tabs.get(tab)?.emit("call", call);
});

function giveAnswer(value: LinkAnswer): void {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  text.set(bytes);
  flags[1] = bytes.length;
  Atomics.store(flags, 0, 1);
  Atomics.notify(flags, 0);
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") tell({ type: "listening", url: `http://127.0.0.1:${address?.port}` });
});
