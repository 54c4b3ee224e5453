/** Who is in a staged room when. Its log (in the server's own words), members and rounds follow from that. */
import { noDrops } from "../../shared/core/drops.ts";
import type { RoomEvent } from "../../shared/net/status.ts";
import { createRoomHistory } from "../../signaling-server/room-history.ts";
import { createRoomLog } from "../../signaling-server/room-log.ts";

export interface StagedRoom {
  readonly name: string;
  readonly peers: number;
  /** How long it has been running. */
  readonly seconds: number;
  readonly hasModel?: boolean;
  readonly isFinished?: boolean;
}

/** One peer's time in the room; in seconds since the room was made. */
export interface Stay {
  readonly index: number;
  readonly arrives: number;
  /** Until then it takes over the model. */
  readonly trains: number;
  readonly pauses: number;
  readonly leaves: number;
}

export const rounds = 4_000;
const usualRoundSeconds = 2.4;
/** By then everybody has come. */
const gatheredSeconds = 1_200;
/** From here on a room is large enough for one that pauses and one that has just come. */
const manyPeers = 7;
/** The index of one that was there for a while. */
const guest = 90;
/** The one with the bad uplink. */
export const faint = 4;

/** A number in 0..1 that is always the same for the same words. */
export function chance(...words: readonly number[]): number {
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

export const isTab = (index: number) => index % 3 === 2 || index === guest;

export function nameOf(index: number): string {
  if (isTab(index))
    return `tab-${Math.floor(chance(index, 5) * 0xffff)
      .toString(16)
      .padStart(4, "0")}`;
  const place = places[index % places.length] ?? "peer";
  return index < places.length ? place : `${place}-${Math.floor(index / places.length) + 1}`;
}

export const idOf = (index: number) => (index + 1).toString(16).padStart(32, "0");
const indexOf = (id: string) => Number.parseInt(id, 16) - 1;

/** When a finished run had all its rounds. */
const endOf = ({ seconds, isFinished }: StagedRoom) => (isFinished ? seconds - 20 : Infinity);

export function roundSeconds(room: StagedRoom): number {
  return room.isFinished ? endOf(room) / rounds : usualRoundSeconds;
}

export function roundAt(room: StagedRoom, seconds: number): number {
  return Math.min(rounds, Math.floor(Math.max(0, seconds) / roundSeconds(room)));
}

export function staysIn(room: StagedRoom): readonly Stay[] {
  const { peers, seconds } = room;
  const isLarge = peers >= manyPeers && !room.isFinished;
  const stays = Array.from({ length: peers }, (_, index): Stay => {
    const isNew = isLarge && index === peers - 1;
    const arrives = isNew
      ? seconds - 4
      : Math.floor((index / peers) * Math.min(gatheredSeconds, seconds / 2));
    return {
      index,
      arrives,
      trains: isNew ? Infinity : arrives + 1,
      pauses: isLarge && index === 5 ? seconds - 231 : Infinity,
      leaves: endOf(room) + 1,
    };
  });
  if (seconds < 600 || room.isFinished) return stays;
  const arrives = seconds - 420;
  return [...stays, { index: guest, arrives, trains: arrives + 1, pauses: Infinity, leaves: seconds - 300 }];
}

export function membersAt(stays: readonly Stay[], seconds: number): readonly number[] {
  return stays
    .filter(({ trains, pauses, leaves }) => trains <= seconds && seconds < Math.min(pauses, leaves))
    .map(({ index }) => index);
}

/** `from`: the room's second 0 on the server's clock, which events are told by. */
export function stagedEvents(
  room: StagedRoom,
  from: number,
): { readonly events: readonly RoomEvent[]; readonly views: number } {
  const history = createRoomHistory();
  const log = createRoomLog({ history, madeAtMs: 0, nameOf: (id) => nameOf(indexOf(id)) });
  const stays = staysIn(room);
  const waited = room.seconds - 540;
  const times = stays.flatMap(({ arrives, trains, pauses, leaves }) => [arrives, trains, pauses, leaves]);
  const moments = new Set([...times, waited, endOf(room)].filter((at) => at >= 0 && at <= room.seconds));
  let epoch = 0;
  let members: readonly string[] = [];
  for (const at of [...moments].toSorted((a, b) => a - b)) {
    const nowMs = (from + at) * 1_000;
    for (const { index, arrives, pauses, leaves } of stays) {
      const kind = isTab(index) ? "browser, choosing …" : "node, wasm (SIMD)";
      if (at === arrives) log.note("joined", `${nameOf(index)} joined (${kind})`, nowMs);
      if (at === pauses) log.note("notice", `${nameOf(index)} pauses`, nowMs);
      if (at === leaves) log.note("left", `${nameOf(index)} left: goodbye`, nowMs);
    }
    if (at === endOf(room)) log.note("finished", `the run has ended after ${rounds} rounds`, nowMs);
    if (at === waited && room.peers > faint) {
      const link = { peerId: idOf(faint), state: "open", sent: 0, received: 0, drops: noDrops() } as const;
      log.waited(nameOf(1), [], [{ ...link, missed: 3 }]);
      log.waited(nameOf(3), [], [{ ...link, missed: 1 }]);
      log.tick(nowMs);
    }
    const before = members;
    members = membersAt(stays, at).map(idOf);
    if (at >= endOf(room) || members.join() === before.join()) continue;
    epoch += 1;
    log.view({ epoch, fromRound: roundAt(room, at) + 2, members }, before, nowMs);
  }
  return { events: history.events, views: epoch };
}
