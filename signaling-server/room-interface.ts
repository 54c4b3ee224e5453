/** A room as its users see it; room.ts is the one that keeps the rules. */
import type { Task } from "../shared/core/task.ts";
import type {
  JoinRequest,
  PeerReport,
  ReadyMessage,
  Refusal,
  ServerEvents,
  Welcome,
} from "../shared/net/messages.ts";
import type { RoomStatus } from "../shared/net/status.ts";

type Told<Name extends keyof ServerEvents> = {
  readonly event: Name;
  readonly data: Parameters<ServerEvents[Name]>[0];
};
/** A message to some peers of the room. */
export type RoomEffect = { readonly to: readonly string[] } &
  /** `mayWait`: for others that come, and for what else there is to say. */
  ((Told<"joined"> & { readonly mayWait?: boolean }) | Told<"left"> | Told<"view"> | Told<"refused">);

/** A member, as far as it may be asked for its model. */
export interface Contributor {
  readonly peerId: string;
  readonly round: number;
  readonly accuracy: number | null;
}

export interface Room {
  readonly name: string;
  readonly task: Task;
  /** When `tick` must be called next, or null. */
  readonly dueMs: number | null;
  has(peerId: string): boolean;
  /** It is here, or was and is remembered. */
  knows(peerId: string): boolean;
  join(
    request: JoinRequest,
    nowMs: number,
  ): { readonly answer: Welcome | Refusal; readonly effects: RoomEffect[] };
  /** Its replica is complete; a peer that paused or brings a checkpoint says where it is. */
  ready(peerId: string, message: ReadyMessage, nowMs: number): RoomEffect[];
  pause(peerId: string, nowMs: number): RoomEffect[];
  report(peerId: string, report: PeerReport, nowMs: number): RoomEffect[];
  leave(peerId: string, reason: string, nowMs: number): RoomEffect[];
  /** Makes the view that is due, and a point of the curves once a second. */
  tick(nowMs: number): RoomEffect[];
  contributors(): readonly Contributor[];
  status(): RoomStatus;
}

export interface RoomOptions {
  readonly name: string;
  readonly task: Task;
  /** For one peer: credentials of TURN servers are its own. */
  readonly iceServersFor: (peerId: string) => readonly string[];
  readonly madeAtMs: number;
}
