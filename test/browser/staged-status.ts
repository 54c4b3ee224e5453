/**
 * Made-up but plausible snapshots of rooms of any size, an hour into their runs: for looking at the status
 * page without waiting for an hour, and for what no real room can have (more than 32 peers). The page gets
 * them from the real web server and the real feed.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { addDrops, dropShare, noDrops } from "../../shared/core/drops.ts";
import type { LinkReport } from "../../shared/net/messages.ts";
import type {
  HistoryPoint,
  PeerStatus,
  RoomEvent,
  RoomStatus,
  ServerStatus,
} from "../../shared/net/status.ts";
import { createEventCounters } from "../../signaling-server/event-counters.ts";
import { systemClock } from "../../signaling-server/system-clock.ts";
import { serveWatchers } from "../../signaling-server/watchers.ts";
import { createWeb } from "../../signaling-server/web.ts";
import type { Ending } from "./chromium.ts";

export interface StagedRoom {
  readonly name: string;
  readonly peers: number;
  /** How long it has been running. */
  readonly seconds: number;
  readonly hasModel?: boolean;
  readonly isFinished?: boolean;
}

const fragments = 180;
const roundSeconds = 2.4;
const rounds = 4_000;

/** Serves the page with these rooms; they go on by the clock. */
export async function serveStaged(
  t: Ending,
  rooms: readonly StagedRoom[],
): Promise<{ readonly url: string; status(): ServerStatus }> {
  const startedMs = Date.now();
  const counters = createEventCounters([]);
  const log = () => undefined;
  const status = () => stagedStatus(rooms, (Date.now() - startedMs) / 1_000);
  const http = createServer(createWeb({ status, room: () => undefined, model: () => null, log }));
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  const clock = systemClock;
  const stop = serveWatchers(io.of("/status"), { clock, status, counters, now: () => clock.now(), log });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(async () => {
    stop();
    const closing = io.close();
    http.closeAllConnections();
    await closing;
  });
  const address = http.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, status };
}

export function stagedStatus(rooms: readonly StagedRoom[], passedSeconds: number): ServerStatus {
  const longest = Math.max(...rooms.map(({ seconds }) => seconds));
  return {
    schema: 2,
    version: "0.1.0",
    uptimeSeconds: longest + passedSeconds,
    sockets: rooms.reduce((sum, { peers }) => sum + peers, 1),
    signals: {},
    rooms: rooms.map((room) => stagedRoom(room, longest, Math.floor(longest + passedSeconds))),
  };
}

function stagedRoom(room: StagedRoom, longest: number, now: number): RoomStatus {
  const from = longest - room.seconds;
  const round = room.isFinished ? rounds : roundAt(now - from);
  const history = stagedHistory(room, from, now);
  const last = history.at(-1);
  const peers = stagedPeers(room, round, last);
  const drops = noDrops();
  const links = peers.flatMap((peer) => peer.links);
  for (const link of links) addDrops(drops, link.drops);
  return {
    room: room.name,
    task: {
      name: "glyphs-cnn",
      averaging: "rps",
      encoding: "f16",
      rounds,
      model: "cnn 8-16-32",
      data: "glyphs",
      minPeers: 2,
    },
    epoch: room.peers + 3,
    round,
    isFinished: room.isFinished ?? false,
    roundsPerMinute: room.isFinished ? 0 : 60 / roundSeconds,
    disagreement: 0.000021 * room.peers,
    model: room.hasModel ? { round: round - 3, bytes: 51_240, accuracy: last?.accuracy ?? 0.9 } : null,
    samplesPerSecond: peers.reduce((sum, peer) => sum + peer.samplesPerSecond, 0),
    drops,
    sent: links.reduce((sum, link) => sum + link.sent, 0),
    received: links.reduce((sum, link) => sum + link.received, 0),
    peers,
    history,
    events: stagedEvents(room, from, now),
  };
}

const roundAt = (seconds: number) => Math.min(rounds, Math.floor(seconds / roundSeconds));

/** A number in 0..1 that is always the same for the same words. */
function chance(...words: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const word of words) {
    h = Math.imul(h ^ word, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

const places = [
  "ana-laptop",
  "workshop-gpu",
  "bo",
  "library-3",
  "kitchen-pi",
  "lab-west",
  "old-thinkpad",
  "mira",
];

function nameOf(index: number): string {
  if (index % 3 === 2)
    return `tab-${Math.floor(chance(index, 5) * 0xffff)
      .toString(16)
      .padStart(4, "0")}`;
  const place = places[index % places.length] ?? "peer";
  return index < places.length ? place : `${place}-${Math.floor(index / places.length) + 1}`;
}

const idOf = (index: number) => (index + 1).toString(16).padStart(32, "0");

/** One peer on a bad uplink, one that hears badly, one bad path; the rest lose hardly anything. */
function shareOf(sender: number, receiver: number, peers: number): number {
  if (peers < 4) return 0.004 + 0.01 * chance(sender, receiver);
  const usual = chance(sender, receiver) ** 6 * 0.04 + 0.0004;
  const uplink = sender === 4 ? 0.13 : 0;
  const downlink = receiver === peers - 2 ? 0.045 : 0;
  const path = sender === 1 && receiver === 3 ? 0.31 : 0;
  return usual + uplink + downlink + path;
}

function stagedPeers({ peers, isFinished }: StagedRoom, round: number, now?: HistoryPoint): PeerStatus[] {
  return Array.from({ length: peers }, (_, index) => {
    const isTab = index % 3 === 2;
    const links = stagedLinks(index, peers, round);
    const drops = noDrops();
    for (const link of links) addDrops(drops, link.drops);
    const isPaused = peers > 6 && index === 5;
    const isNew = peers > 6 && index === peers - 1;
    const lag = isPaused ? 96 : isNew ? 2 : index === 4 ? 1 : 0;
    const speed = (isTab ? 180 : 420) * (0.5 + chance(index, 7)) * (index === 1 ? 6 : 1);
    return {
      peerId: idOf(index),
      name: nameOf(index),
      kind: isTab ? "browser" : "node",
      backend: index === 1 || (isTab && index % 2 === 0) ? "webgpu" : "wasm",
      state: isFinished ? "training" : isPaused ? "paused" : isNew ? "listening" : "training",
      member: !isPaused && !isNew,
      round: Math.max(0, round - lag),
      lag,
      samplesPerSecond: isPaused || isNew || isFinished ? 0 : Math.round(speed + 10 * chance(round, index)),
      samples: Math.round(speed * round * roundSeconds),
      loss: (now?.loss ?? 2.3) + 0.01 * chance(round, index, 3),
      accuracy: isNew ? null : (now?.accuracy ?? 0.1) + 0.004 * (chance(index, Math.floor(round / 10)) - 0.5),
      roundMsP50: 310 + 60 * chance(index, 9),
      roundMsP95: 620 + 200 * chance(index, 9),
      bytesSent: round * peers * 25_000,
      bytesReceived: round * peers * 25_000,
      upRate: peers < 2 ? 0 : 96_000 + 20_000 * chance(round, index, 1),
      downRate: peers < 2 ? 0 : 94_000 + 20_000 * chance(round, index, 2),
      rttMs: isTab ? 38 + 20 * chance(index, 4) : 4 + 12 * chance(index, 4),
      candidateType: index % 7 === 6 ? "relay" : isTab ? "srflx" : "host",
      dropRate: dropShare(
        links.reduce((sum, link) => sum + link.received, 0),
        drops,
      ),
      links,
    };
  });
}

function stagedLinks(receiver: number, peers: number, round: number): LinkReport[] {
  const owed = Math.floor((round * 2 * fragments) / Math.max(1, peers));
  return Array.from({ length: peers }, (_, sender) => sender)
    .filter((sender) => sender !== receiver)
    .map((sender) => {
      const share = shareOf(sender, receiver, peers);
      const dropped = Math.round(owed * share);
      const late = Math.floor(dropped * 0.2);
      const unsent = Math.floor(dropped * 0.1);
      const drops = {
        ...noDrops(),
        lost: dropped - late - unsent,
        late,
        unsent,
        stale: Math.floor(late / 5),
      };
      const isTab = receiver % 3 === 2 || sender % 3 === 2;
      return {
        peerId: idOf(sender),
        state: "open",
        rttMs: (isTab ? 30 : 3) + 25 * chance(sender + receiver, sender * receiver),
        candidateType: sender % 7 === 6 || receiver % 7 === 6 ? "relay" : isTab ? "srflx" : "host",
        lanes: share > 0.1 ? 4 : share > 0.03 ? 2 : 1,
        sent: owed,
        received: owed - dropped,
        drops,
      };
    });
}

function stagedHistory(room: StagedRoom, from: number, now: number): HistoryPoint[] {
  const first = Math.max(from + 1, now - 3_599);
  return Array.from({ length: Math.max(0, now - first + 1) }, (_, at): HistoryPoint => {
    const t = first + at;
    const round = roundAt(t - from);
    const progress = round / 220;
    const noise = chance(round, 11) - 0.5;
    const spike = chance(Math.floor(t / 9), 17) > 0.97 ? 500 : 0;
    return {
      t,
      round,
      loss: 0.07 + 2.23 * Math.exp(-progress) * (1 + 0.05 * noise) + 0.02 * noise,
      validationLoss: 0.1 + 2.2 * Math.exp(-progress * 0.95),
      accuracy: 0.972 - 0.87 * Math.exp(-progress * 1.4) + 0.003 * noise,
      peers: peersAt(room, t - from),
      roundMsP50: 300 + 12 * room.peers ** 0.5 + 30 * chance(Math.floor(t / 5), 13),
      roundMsP95: 560 + 20 * room.peers ** 0.5 + 90 * chance(Math.floor(t / 5), 15) + spike,
    };
  });
}

/** They come over the first twenty minutes; now and then one is away. */
function peersAt({ peers }: StagedRoom, seconds: number): number {
  const arrived = Math.min(peers, 2 + Math.floor((peers * seconds) / 1_200));
  const others = peers > 6 ? 1 + (chance(Math.floor(seconds / 240), 21) > 0.6 ? 1 : 0) : 0;
  return Math.max(1, arrived - others);
}

function stagedEvents({ peers, isFinished }: StagedRoom, from: number, now: number): RoomEvent[] {
  const events: RoomEvent[] = [];
  for (let index = 0; index < peers; index += 1) {
    const t = from + Math.floor((index / peers) * Math.min(1_200, now - from));
    const kind = index % 3 === 2 ? "browser" : "node";
    events.push({ t, kind: "joined", text: `${nameOf(index)} joined (${kind}, wasm)` });
    const members = `${index + 1} ${index === 0 ? "member" : "members"}`;
    const round = roundAt(t - from + 3);
    events.push({ t: t + 1, kind: "view", text: `view ${index + 1} from round ${round}: ${members}` });
  }
  if (now - from > 600) {
    const round = roundAt(now - from - 298);
    events.push(
      { t: now - 540, kind: "deadline", text: `${nameOf(4)} was waited for in vain in 3 rounds` },
      { t: now - 300, kind: "left", text: "tab-90c1 left: its page was closed" },
      { t: now - 299, kind: "view", text: `view ${peers + 3} from round ${round}: ${peers - 1} members` },
    );
  }
  if (isFinished) events.push({ t: now - 20, kind: "finished", text: `all ${rounds} rounds are done` });
  return events.toSorted((a, b) => a.t - b.t);
}
