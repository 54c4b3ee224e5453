/** The demo's live table: what the server knows of each peer, and what became of our own processes. */
import type { PeerStatus, RoomStatus } from "../shared/net/status.ts";
import type { DemoPeer } from "./demo-peers.ts";
import { lossFigure, milliseconds, percent, whole } from "./format.ts";
import { tableLines } from "./table.ts";
import type { Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "peer", align: "left", max: 14 },
  { title: "state", align: "left" },
  { title: "round", align: "right" },
  { title: "loss", align: "right" },
  { title: "accuracy", align: "right" },
  { title: "samples/s", align: "right" },
  { title: "delivered", align: "right" },
  { title: "averaging", align: "right" },
];

/** The title line first. */
export function demoTable(peers: readonly DemoPeer[], room: RoomStatus | undefined): string[] {
  const known = [...(room?.peers ?? [])];
  const own = peers.map((peer) => {
    const at = known.findIndex(({ name }) => name === peer.name);
    const [status] = at < 0 ? [] : known.splice(at, 1);
    if (peer.exitCode !== undefined) return endedRow(peer);
    return status ? liveRow(peer.name, status) : [peer.name, absence(peers)];
  });
  const others = known.map((status) => liveRow(status.name, status));
  return tableLines(columns, [...own, ...others]);
}

const stateWords: Record<PeerStatus["state"], string> = {
  lobby: "joined",
  connecting: "waiting",
  listening: "listening",
  training: "training",
  paused: "paused",
};

/** What peers do that the server does not know of: they leave it one after the other when all is done. */
export function absence(peers: readonly DemoPeer[]): string {
  return peers.some(({ exitCode }) => exitCode === 0) ? "finishing" : "starting";
}

function liveRow(name: string, status: PeerStatus): string[] {
  return [
    name,
    stateWords[status.state],
    whole(status.round),
    lossFigure(status.loss),
    percent(status.accuracy),
    whole(status.samplesPerSecond),
    percent(status.dropRate === null ? null : 1 - status.dropRate),
    milliseconds(status.roundMsP50),
  ];
}

function endedRow(peer: DemoPeer): string[] {
  const { name, end } = peer;
  if (!end) return [name, endState(peer)];
  return [
    name,
    endState(peer),
    whole(end.round),
    lossFigure(end.loss),
    percent(end.accuracy),
    whole(end.samplesPerSecond),
    percent(end.delivered),
    milliseconds(end.roundMsP50),
  ];
}

function endState({ end, exitCode, isAsked }: DemoPeer): string {
  if (end?.outcome === "finished") return "finished";
  return isAsked || exitCode === 0 ? "stopped" : `died (${exitCode})`;
}
