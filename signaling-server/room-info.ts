/** What GET /api/rooms/ROOM says: the task and how far it is, for who thinks about joining. No peer by name. */
import type { Task } from "../shared/core/task.ts";
import type { RoomStatus } from "../shared/net/status.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import type { ServedData } from "./data-files.ts";

export function roomInfo(task: Task, status: RoomStatus, data?: ServedData) {
  const { room, peers, round, history, isFinished, model } = status;
  const last = history.at(-1);
  return {
    room,
    task,
    peers: peers.length,
    members: peers.filter(({ member }) => member).length,
    round,
    accuracy: last?.accuracy ?? null,
    loss: last?.loss ?? null,
    validationLoss: last?.validationLoss ?? null,
    isFinished,
    model,
    downloadBytes: needsFiles(task.data) ? (data?.downloadBytes(task.data) ?? null) : 0,
  };
}
