/** Whom a room does not let in, and in which words. */
import { limits } from "../shared/net/messages.ts";
import type { JoinRequest, Refusal } from "../shared/net/messages.ts";
import { countOf } from "./room-log.ts";

/** A stranger's `resume` must leave room for the epochs to come. */
const maxResumedEpoch = 0xffff_0000;

/** Null: it may come in. */
export function refusalOf(
  { peerId, resume }: JoinRequest,
  room: {
    readonly name: string;
    readonly rounds: number;
    readonly finished: boolean;
    /** Of peers that are in. */
    readonly count: number;
    /** Somebody is in with this id. */
    readonly isTaken: boolean;
  },
): Refusal | null {
  if (room.finished) return { ok: false, ...ended(room.rounds) };
  if (room.isTaken) {
    const reason = `peer id ${peerId} is connected already: take another, or wait until it is gone`;
    return { ok: false, code: "taken", reason };
  }
  if (room.count >= limits.membersPerRoom) {
    const reason = `room "${room.name}" is full (${limits.membersPerRoom} peers): try again later`;
    return { ok: false, code: "full", reason };
  }
  if (resume && (resume.epoch > maxResumedEpoch || resume.round > room.rounds)) {
    const reason = `resume (epoch ${resume.epoch}, round ${resume.round}) is beyond this task: join anew`;
    return { ok: false, code: "malformed", reason };
  }
  return null;
}

export function ended(rounds: number): Omit<Refusal, "ok"> {
  return { code: "finished", reason: `the run has ended after ${countOf(rounds, "round")}` };
}
