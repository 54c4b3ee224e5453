/**
 * Made-up but plausible snapshots of rooms of any size, an hour into their runs: for looking at the status
 * page without waiting for an hour, and for what no real room can have (more than 32 peers). The page gets
 * them from the real web server and the real feed.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { addDrops, dropShare, noDrops } from "../../shared/core/drops.ts";
import { createTokenBucket } from "../../shared/core/token-bucket.ts";
import type { LinkReport } from "../../shared/net/messages.ts";
import type { HistoryPoint, PeerStatus, RoomStatus, ServerStatus } from "../../shared/net/status.ts";
import { createEventCounters } from "../../signaling-server/event-counters.ts";
import { systemClock } from "../../signaling-server/system-clock.ts";
import { serveWatchers } from "../../signaling-server/watchers.ts";
import { createGate } from "../../signaling-server/gate.ts";
import { createWeb } from "../../signaling-server/web.ts";
import type { Ending } from "./chromium.ts";
import {
  chance,
  faint,
  idOf,
  isTab,
  membersAt,
  nameOf,
  roundAt,
  rounds,
  roundSeconds,
  stagedEvents,
  staysIn,
} from "./staged-course.ts";
import type { StagedRoom, Stay } from "./staged-course.ts";

const fragments = 180;

/** Serves the page with these rooms; they go on by the clock. */
export async function serveStaged(
  t: Ending,
  rooms: readonly StagedRoom[],
): Promise<{ readonly url: string; status(): ServerStatus }> {
  const startedMs = Date.now();
  const counters = createEventCounters([]);
  const log = () => undefined;
  const gate = createGate({ access: {}, unixSeconds: () => 0 });
  const status = () => stagedStatus(rooms, (Date.now() - startedMs) / 1_000);
  const clock = systemClock;
  const http = createServer(createWeb({ clock, status, hosts: new Map(), gate, log }));
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  const now = () => clock.now();
  const stop = serveWatchers(io.of("/status"), {
    clock,
    status,
    gate,
    counters,
    now,
    log,
    limits: { events: () => createTokenBucket(1, 1), expel: log },
  });
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
  const round = roundAt(room, now - from);
  const history = stagedHistory(room, from, now);
  const last = history.at(-1);
  const peers = stagedPeers(room, now - from, last);
  const drops = noDrops();
  const links = peers.flatMap((peer) => peer.links);
  for (const link of links) addDrops(drops, link.drops);
  const { events, views } = stagedEvents(room, from);
  // Who is done says goodbye; what it has counted stays.
  const present = room.isFinished ? [] : peers;
  return {
    room: room.name,
    task: {
      name: "glyphs-cnn",
      averaging: "rps",
      encoding: "f16",
      rounds,
      model: "cnn 8-16-32",
      data: "glyphs",
      minPeers: 1,
    },
    epoch: views,
    round,
    isFinished: room.isFinished ?? false,
    roundsPerMinute: room.isFinished ? 0 : 60 / roundSeconds(room),
    disagreement: room.isFinished ? null : 0.000021 * room.peers,
    model: room.hasModel ? { round: round - 3, bytes: 51_240, accuracy: last?.accuracy ?? 0.9 } : null,
    samplesPerSecond: present.reduce((sum, peer) => sum + peer.samplesPerSecond, 0),
    drops,
    sent: links.reduce((sum, link) => sum + link.sent, 0),
    received: links.reduce((sum, link) => sum + link.received, 0),
    peers: present,
    history,
    events,
  };
}

/** One peer on a bad uplink, one that hears badly, one bad path; the rest lose hardly anything. */
function shareOf(sender: number, receiver: number, peers: number): number {
  if (peers < 4) return 0.004 + 0.01 * chance(sender, receiver);
  const usual = chance(sender, receiver) ** 6 * 0.04 + 0.0004;
  const uplink = sender === faint ? 0.13 : 0;
  const downlink = receiver === peers - 2 ? 0.045 : 0;
  const path = sender === 1 && receiver === 3 ? 0.31 : 0;
  return usual + uplink + downlink + path;
}

function stagedPeers(room: StagedRoom, seconds: number, now?: HistoryPoint): PeerStatus[] {
  const { peers } = room;
  const round = roundAt(room, seconds);
  const present = staysIn(room).filter(({ index }) => index < peers);
  const members = new Set(membersAt(present, seconds));
  return present.map((stay) => {
    const { index } = stay;
    const links = stagedLinks(index, peers, round);
    const drops = noDrops();
    for (const link of links) addDrops(drops, link.drops);
    const state = stateAt(stay, seconds);
    const isAtWork = state === "training";
    const lag = state === "paused" ? round - roundAt(room, stay.pauses) : laggingBehind(stay);
    const speed = (isTab(index) ? 180 : 420) * (0.5 + chance(index, 7)) * (index === 1 ? 6 : 1);
    return {
      peerId: idOf(index),
      name: nameOf(index),
      kind: isTab(index) ? "browser" : "node",
      backend: index === 1 || (isTab(index) && index % 2 === 0) ? "webgpu" : "wasm",
      state,
      member: members.has(index),
      round: Math.max(0, round - lag),
      lag,
      samplesPerSecond: !isAtWork ? 0 : Math.round(speed + 10 * chance(round, index)),
      samples: Math.round(
        speed * roundAt(room, Math.min(seconds, stay.pauses) - stay.arrives) * roundSeconds(room),
      ),
      loss: state === "listening" ? null : (now?.loss ?? 2.3) + 0.01 * chance(round, index, 3),
      accuracy:
        state === "listening"
          ? null
          : (now?.accuracy ?? 0.1) + 0.004 * (chance(index, Math.floor(round / 10)) - 0.5),
      roundMsP50: 310 + 60 * chance(index, 9),
      roundMsP95: 620 + 200 * chance(index, 9),
      bytesSent: round * peers * 25_000,
      bytesReceived: round * peers * 25_000,
      upRate: peers < 2 || !isAtWork ? 0 : 96_000 + 20_000 * chance(round, index, 1),
      downRate: peers < 2 || state === "paused" ? 0 : 94_000 + 20_000 * chance(round, index, 2),
      rttMs: isTab(index) ? 38 + 20 * chance(index, 4) : 4 + 12 * chance(index, 4),
      candidateType: index % 7 === 6 ? "relay" : isTab(index) ? "srflx" : "host",
      dropRate: dropShare(
        links.reduce((sum, link) => sum + link.received, 0),
        drops,
      ),
      links,
    };
  });
}

function stateAt({ trains, pauses }: Stay, seconds: number): PeerStatus["state"] {
  if (trains > seconds) return "listening";
  return pauses <= seconds ? "paused" : "training";
}

/** Who listens has the round that is being averaged; a weak machine is a little late. */
function laggingBehind({ index, trains }: Stay): number {
  if (trains === Infinity) return 2;
  return index === faint ? 1 : 0;
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
      const hasTab = isTab(receiver) || isTab(sender);
      return {
        peerId: idOf(sender),
        state: "open",
        rttMs: (hasTab ? 30 : 3) + 25 * chance(sender + receiver, sender * receiver),
        candidateType: sender % 7 === 6 || receiver % 7 === 6 ? "relay" : hasTab ? "srflx" : "host",
        lanes: share > 0.1 ? 4 : share > 0.03 ? 2 : 1,
        sent: owed,
        received: owed - dropped,
        drops,
      };
    });
}

function stagedHistory(room: StagedRoom, from: number, now: number): HistoryPoint[] {
  const stays = staysIn(room);
  const points = Array.from({ length: Math.min(3_600, now - from) }, (_, ago): HistoryPoint => {
    const t = now - ago;
    const round = roundAt(room, t - from);
    const progress = round / 220;
    const noise = chance(round, 11) - 0.5;
    const spike = chance(Math.floor(t / 9), 17) > 0.97 ? 500 : 0;
    return {
      t,
      round,
      loss: 0.07 + 2.23 * Math.exp(-progress) * (1 + 0.05 * noise) + 0.02 * noise,
      validationLoss: 0.1 + 2.2 * Math.exp(-progress * 0.95),
      accuracy: 0.972 - 0.87 * Math.exp(-progress * 1.4) + 0.003 * noise,
      peers: membersAt(stays, t - from).length,
      roundMsP50: 300 + 12 * room.peers ** 0.5 + 30 * chance(Math.floor(t / 5), 13),
      roundMsP95: 560 + 20 * room.peers ** 0.5 + 90 * chance(Math.floor(t / 5), 15) + spike,
    };
  });
  // As the server does it: there is no curve while nobody trains.
  return points.filter(({ peers }) => peers > 0).toReversed();
}
