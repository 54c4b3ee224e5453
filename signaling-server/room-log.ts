/**
 * A room's events in words. Who was waited for in vain is told at most every ten seconds, all of it in one
 * event: under heavy loss it happens in every round.
 */
import type { Offence } from "../shared/core/conduct.ts";
import type { View } from "../shared/core/view.ts";
import type { LinkReport } from "../shared/net/messages.ts";
import { offenceWords } from "../shared/net/offence-words.ts";
import type { RoomEvent } from "../shared/net/status.ts";
import type { Beginning } from "./beginning.ts";
import { linkBefore } from "./link-before.ts";
import type { RoomHistory } from "./room-history.ts";

const missedEveryMs = 10_000;
/** Pairs that one event names; the rest are a number. */
const namedPairs = 3;
/** Pairs that are remembered until the next event. */
const maxPairs = 1_024;
/** Of one whose name is not known yet, once more: after a restart of the server its members come back bit by bit. */
const tries = 2;
/** Mutes that one event counts. */
const maxMutes = 100;

/** Whom somebody waited for in vain, and in how many rounds. */
interface Missed {
  readonly name: string;
  readonly whom: string;
  readonly rounds: number;
  readonly triesLeft: number;
}

export interface RoomLog {
  /** @param topic what it is kept with, where that is not its kind (room-history.ts) */
  note(kind: RoomEvent["kind"], text: string, nowMs: number, topic?: string): void;
  view(view: View, before: readonly string[], nowMs: number): void;
  /** With which model training begins, where not everybody has the same. */
  began(beginning: Beginning, nowMs: number): void;
  /** Whose training goes on in place of the one that somebody has begun while the server was cut off. */
  returned(peerIds: readonly string[], nowMs: number): void;
  /** Whose training is over, because another one goes on or is about to begin. */
  leftOut(peerIds: readonly string[], isRunning: boolean, nowMs: number): void;
  /** What a peer's new report says of whom it waited for in vain since the one before. */
  waited(name: string, before: readonly LinkReport[], after: readonly LinkReport[]): void;
  /** Whom a peer has muted since the one before, and why. */
  muted(name: string, before: readonly LinkReport[], after: readonly LinkReport[]): void;
  /** Tells what has come together, if it is time. */
  tick(nowMs: number): void;
}

export function createRoomLog(options: {
  readonly history: RoomHistory;
  readonly madeAtMs: number;
  /** Also of a peer that has just left; undefined: it has not been here, as far as this server knows. */
  readonly nameOf: (peerId: string) => string | undefined;
}): RoomLog {
  const { history } = options;
  const nameOf = (peerId: string) => options.nameOf(peerId) ?? peerId.slice(0, 8);
  let missed = new Map<string, Missed>();
  /** By why; a room's reporters can make no more of them than there are reasons. */
  const muted = new Map<Offence, string[]>();
  let toldAtMs = -Infinity;
  let mutesToldAtMs = -Infinity;

  function note(kind: RoomEvent["kind"], text: string, nowMs: number, topic?: string): void {
    history.addEvent({ t: Math.floor((nowMs - options.madeAtMs) / 1000), kind, text }, topic);
  }

  function tellMutes(nowMs: number): void {
    if (muted.size === 0 || nowMs < mutesToldAtMs + missedEveryMs) return;
    mutesToldAtMs = nowMs;
    for (const [reason, pairs] of muted) {
      const more = pairs.length > namedPairs ? `, and ${pairs.length - namedPairs} more` : "";
      note(
        "notice",
        `muted for ${offenceWords[reason]}: ${pairs.slice(0, namedPairs).join("; ")}${more}`,
        nowMs,
      );
    }
    muted.clear();
  }

  return {
    note,
    view({ epoch, fromRound, members }, before, nowMs) {
      const came = members.filter((id) => !before.includes(id)).map(nameOf);
      const went = before.filter((id) => !members.includes(id)).map(nameOf);
      const changes = [...came.map((name) => `+ ${name}`), ...went.map((name) => `− ${name}`)];
      const who = changes.length > 0 ? ` (${changes.join(", ")})` : "";
      note(
        "view",
        `view ${epoch} from round ${fromRound}: ${countOf(members.length, "member")}${who}`,
        nowMs,
      );
    },
    began({ round, starters, isAgreed, passedOver }, nowMs) {
      const which = `training goes on with a model of ${countOf(round, "round")}`;
      if (!isAgreed) note("notice", `${which} that only ${nameOf(starters[0] ?? "")} brings`, nowMs);
      if (passedOver.length === 0) return;
      const whose = passedOver.slice(0, namedPairs).map(nameOf).join(", ");
      note("notice", `${which}; a later one of ${whose} does not count, nobody else brings it`, nowMs);
    },
    returned(peerIds, nowMs) {
      const who = countOf(peerIds.length, "member");
      note(
        "notice",
        `${who} of a training that went on elsewhere are back: it takes this one's place`,
        nowMs,
      );
    },
    leftOut(peerIds, isRunning, nowMs) {
      const why = isRunning
        ? "comes back from another training, and too few others with it: it listens to this one"
        : "alone says that a training goes on: the others begin without it";
      for (const peerId of peerIds) note("notice", `${nameOf(peerId)} ${why}`, nowMs);
    },
    waited(name, before, after) {
      for (const [index, link] of after.entries()) {
        const rounds = (link.missed ?? 0) - (linkBefore(before, link, index)?.missed ?? 0);
        if (rounds <= 0) continue;
        const pair = `${link.peerId} ${name}`;
        const known = missed.get(pair);
        if (!known && missed.size >= maxPairs) continue;
        missed.set(pair, {
          name,
          whom: link.peerId,
          rounds: (known?.rounds ?? 0) + rounds,
          triesLeft: tries,
        });
      }
    },
    muted(name, before, after) {
      for (const [index, link] of after.entries()) {
        const { peerId, muted: reason } = link;
        if (reason === undefined || reason === linkBefore(before, link, index)?.muted) continue;
        const pairs = muted.get(reason) ?? [];
        if (pairs.length < maxMutes) pairs.push(`${nameOf(peerId)} by ${name}`);
        muted.set(reason, pairs);
      }
    },
    tick(nowMs) {
      tellMutes(nowMs);
      if (missed.size === 0 || nowMs < toldAtMs + missedEveryMs) return;
      toldAtMs = nowMs;
      const isKnown = ({ whom }: Missed) => options.nameOf(whom) !== undefined;
      const pairs = [...missed.values()].filter(isKnown).toSorted((a, b) => b.rounds - a.rounds);
      missed = leftOver(missed, isKnown);
      if (pairs.length === 0) return;
      const named = pairs
        .slice(0, namedPairs)
        .map(({ name, whom, rounds }) => `${name} for ${nameOf(whom)} in ${countOf(rounds, "round")}`);
      const more = pairs.length > namedPairs ? `, and ${pairs.length - namedPairs} more` : "";
      note("deadline", `waited in vain: ${named.join("; ")}${more}`, nowMs);
    },
  };
}

/** What is tried again, until nothing is left of its tries. */
function leftOver(
  missed: ReadonlyMap<string, Missed>,
  isTold: (one: Missed) => boolean,
): Map<string, Missed> {
  const rest = [...missed].filter(([, one]) => !isTold(one) && one.triesLeft > 1);
  return new Map(rest.map(([pair, one]) => [pair, { ...one, triesLeft: one.triesLeft - 1 }]));
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
