/** Which room this is, what goes on in it, and the ways in. */
import type { RoomStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { count } from "../../shared/page/format.ts";
import { createJoinCommand } from "./join-command.ts";

const averagings: Readonly<Record<string, string>> = {
  rps: "they send each other their models and average them; what gets lost on the way is done without",
  reliable: "they send each other their models and average them, waiting for whatever gets lost on the way",
  "running-sums":
    "they send each other the sum of all they learned; what gets lost on the way is in the next one",
  gradient:
    "they send each other what they learned and average it; what gets lost on the way is done without",
};

export function createRoomHeader(): (room: RoomStatus) => void {
  const showCommand = createJoinCommand();
  const progress = element("progress", { "aria-label": "Rounds done" });
  byId("progress").append(progress);
  return (room) => {
    document.title = `${room.room} · Shoal`;
    setText(byId("room"), room.room);
    setText(byId("about"), aboutOf(room));
    setText(byId("task"), taskOf(room));
    const join = `/join/${encodeURIComponent(room.room)}`;
    if (byId("join").getAttribute("href") !== join) byId("join").setAttribute("href", join);
    byId("ways-in").hidden = room.isFinished;
    showCommand(room.room);
    progress.max = Math.max(1, room.task.rounds);
    progress.value = room.isFinished ? progress.max : room.round;
  };
}

function aboutOf({ task, isFinished }: RoomStatus): string {
  if (isFinished) return `This training is finished: all ${count(task.rounds)} rounds are done.`;
  const how = averagings[task.averaging] ?? "they average what they learned";
  return `The computers below train one model together. Each learns from examples of its own, then ${how}.`;
}

function taskOf({ task, epoch }: RoomStatus): string {
  const parts = [
    task.name,
    task.model,
    task.data,
    `${task.averaging} averaging${task.robust ? ` (${task.robust})` : ""}`,
    task.encoding,
    `view ${epoch}`,
  ];
  return [...new Set(parts)].join(" · ");
}
