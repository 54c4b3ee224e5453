import type { Task } from "../core/task.ts";
import { limits } from "./messages.ts";

/** Why no room can train this task, in a sentence; undefined where one can. A simulation may have more peers. */
export function roomFault({ minPeers }: Task): string | undefined {
  if (minPeers <= limits.membersPerRoom) return undefined;
  return `minPeers is ${minPeers}: must be at most ${limits.membersPerRoom}, as many as a room holds`;
}
