import type { Task } from "../shared/core/task.ts";
import type { RoomStatus } from "../shared/net/status.ts";

/** What a room's snapshot says of its task. */
export function taskFactsOf(task: Task): RoomStatus["task"] {
  const { name, averaging, encoding, rounds, minPeers } = task;
  const kinds = { model: task.model.kind, data: task.data.kind };
  const robust = task.robust && { robust: task.robust.kind };
  return { name, averaging, ...robust, encoding, rounds, minPeers, ...kinds };
}
