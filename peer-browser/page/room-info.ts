/** What the server says about a room before one joins: GET /api/rooms/ROOM. */
import type { Task } from "../../shared/core/task.ts";
import type { ModelStatus } from "../../shared/net/status.ts";

export interface RoomInfo {
  readonly room: string;
  readonly task: Task;
  /** In the room. */
  readonly peers: number;
  /** Of them: training. */
  readonly members: number;
  readonly round: number;
  /** Of the room, over unseen examples; null before the first pass. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly isFinished: boolean;
  /** Null until there is one that is worth trying. */
  readonly model: ModelStatus | null;
  /** What this tab would read of the data sets; null when the server has none to hand out. */
  readonly downloadBytes: number | null;
}

export type RoomAnswer =
  | { readonly ok: true; readonly info: RoomInfo }
  /** `reason`: one sentence for a person. */
  | { readonly ok: false; readonly reason: string };

const timeLimitMs = 8_000;

/** The room of a join page's address: /join/ROOM. */
export function roomOf(path: string): string {
  return /^\/join\/([^/]+)/.exec(path)?.[1] ?? "main";
}

/** Of the room's link: what follows # is never sent by itself. */
function inviteOf(hash: string): string | undefined {
  return /^#invite=([\w.-]{1,128})$/.exec(hash)?.[1];
}

/** The server keeps it in a cookie from here on, which everything else of this page sends along. */
function shown(invite: string | undefined): Record<string, string> {
  return invite === undefined ? {} : { authorization: `Bearer ${invite}` };
}

export async function fetchRoom(room: string): Promise<RoomAnswer> {
  try {
    const response = await fetch(`/api/rooms/${encodeURIComponent(room)}`, {
      headers: { accept: "application/json", ...shown(inviteOf(location.hash)) },
      signal: AbortSignal.timeout(timeLimitMs),
    });
    const body: unknown = await response.json();
    if (response.ok && isRoomInfo(body)) return { ok: true, info: body };
    return { ok: false, reason: sentenceIn(body) ?? "The server does not say anything about this room." };
  } catch {
    return {
      ok: false,
      reason: "The server can't be reached: check the network, then load this page again.",
    };
  }
}

/** Our own server's word: enough to tell it from something else that answers there. */
function isRoomInfo(body: unknown): body is RoomInfo {
  return typeof body === "object" && body !== null && "task" in body && "round" in body && "peers" in body;
}

function sentenceIn(body: unknown): string | undefined {
  const hasError = typeof body === "object" && body !== null && "error" in body;
  return hasError && typeof body.error === "string" ? body.error : undefined;
}
