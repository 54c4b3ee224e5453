/** Runs in Chromium: the worker that has the links, and does with them what Node's side says. */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { createWorkerLinks } from "../../peer-browser/links/worker-links.ts";
import type { CreateLink, Link } from "../../shared/net/link.ts";
import { realClock } from "../labs/real-time.ts";
import type { LinkAnswer, LinkCall, LinkNews } from "../link/link-calls.ts";

interface ToTab {
  call: (call: LinkCall) => void;
  ask: (call: LinkCall, answered: (answer: LinkAnswer) => void) => void;
}
interface FromTab {
  news: (news: LinkNews) => void;
}

const links = new Map<number, Link>();

addEventListener(
  "message",
  ({ data }: MessageEvent<{ tab: number; port: MessagePort }>) => {
    const createLink = createWorkerLinks(data.port);
    const options = { auth: { tab: data.tab }, transports: ["websocket"], reconnection: false };
    const socket: Socket<ToTab, FromTab> = io(location.origin, options);
    const tell = (news: LinkNews) => void socket.emit("news", news);
    socket.on("call", (call) => act(call, createLink, tell));
    socket.on("ask", (call, answered) => answered(answer(call)));
  },
  { once: true },
);

function act(call: LinkCall, createLink: CreateLink, tell: (news: LinkNews) => void): void {
  if (call.type === "create") create(call, createLink, tell);
  else if (call.type === "signal") links.get(call.link)?.signal(call.signal);
  else if (call.type === "close") links.get(call.link)?.close(call.reason);
}

function answer(call: LinkCall): LinkAnswer {
  const link = links.get(call.link);
  if (!link) return {};
  if (call.type === "state") return { state: link.state };
  if (call.type === "bufferedBytes") return { bufferedBytes: link.bufferedBytes };
  if (call.type === "stats") return { stats: link.stats() };
  if (call.type === "sendText") return { sent: link.sendText(call.text) };
  if (call.type !== "send") return {};
  const own = new Uint8Array(call.bytes);
  const sent = link.send(call.channel, own);
  own.fill(0); // The link has its own copy by now.
  return { sent };
}

function create(
  { link, initiator, iceServers, connectTimeoutMs }: Extract<LinkCall, { type: "create" }>,
  createLink: CreateLink,
  tell: (news: LinkNews) => void,
): void {
  const events = {
    onSignal: (signal) => tell({ link, type: "signal", signal }),
    onOpen: () => tell({ link, type: "open" }),
    onBytes: (channel, bytes) => tell({ link, type: "bytes", channel, bytes: bytes.slice() }),
    onText: (text) => tell({ link, type: "text", text }),
    onDrain: () => tell({ link, type: "drain" }),
    onClose: (reason) => tell({ link, type: "close", reason }),
  } satisfies Parameters<CreateLink>[0]["events"];
  links.set(link, createLink({ initiator, iceServers, connectTimeoutMs, clock: realClock, events }));
}
