/** The rules of a room (signaling-server/room.ts), played in virtual time by its tests (room-*.test.ts). */
import type { Task } from "../../shared/core/task.ts";
import type { View } from "../../shared/core/view.ts";
import type { JoinRequest, PeerReport } from "../../shared/net/messages.ts";
import { limits } from "../../shared/net/messages.ts";
import { noAnswer } from "../../signaling-server/endings.ts";
import type { RoomEffect } from "../../signaling-server/room.ts";
import { createRoom } from "../../signaling-server/room.ts";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { joinRequest, peerIdOf, peerReport, testTask } from "./fixture.ts";

/** A room in virtual time. Peers are numbers; what the room said is kept in order. */
export function play(task: Partial<Task> = {}) {
  let nowMs = 0;
  const iceServersFor = () => ["stun:s"];
  const room = createRoom({ name: "room", task: testTask(task), iceServersFor, madeAtMs: 0 });
  const said: RoomEffect[] = [];
  return {
    room,
    said,
    join(number: number, more?: Partial<JoinRequest>) {
      const { answer, effects } = room.join(joinRequest(number, more), nowMs);
      said.push(...effects);
      return answer;
    },
    /** Replicas of one training are alike, unless they are said to be of another one. */
    ready: (number: number, round = 0, training = 1) =>
      said.push(...room.ready(peerIdOf(number), { round, sketch: sketchIn(training, number) }, nowMs)),
    pause: (number: number) => said.push(...room.pause(peerIdOf(number), nowMs)),
    report: (number: number, more: Partial<PeerReport>) =>
      said.push(...room.report(peerIdOf(number), peerReport(more), nowMs)),
    /** Its socket breaks. */
    lose: (number: number) => said.push(...room.leave(peerIdOf(number), noAnswer, nowMs)),
    leave: (number: number) => said.push(...room.leave(peerIdOf(number), "goodbye", nowMs)),
    /** Lets time pass, ticking whenever the room wants it and once a second. */
    pass(ms: number) {
      const endMs = nowMs + ms;
      while (nowMs < endMs) {
        const beatMs = (Math.floor(nowMs / 1000) + 1) * 1000;
        nowMs = Math.min(endMs, beatMs, Math.max(nowMs, room.dueMs ?? Infinity));
        said.push(...room.tick(nowMs));
      }
    },
    notices: () => room.status().events.flatMap(({ kind, text }) => (kind === "notice" ? [text] : [])),
    views: (): View[] => said.flatMap((effect) => (effect.event === "view" ? [effect.data] : [])),
  };
}

export function running(...numbers: number[]) {
  const game = play();
  for (const number of numbers) {
    game.join(number);
    game.ready(number);
  }
  game.pass(viewCoalesceMs);
  return game;
}

const sketchIn = (training: number, number: number) =>
  Array.from({ length: limits.sketchValues }, (_, at) => Math.sin(training * (at + 1)) + 1e-3 * number);

export const ids = (...numbers: number[]) => numbers.map(peerIdOf);
