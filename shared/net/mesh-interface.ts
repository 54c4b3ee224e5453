/** The links of one peer as its users see them; mesh.ts is what keeps them. */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import type { ControlMessage } from "./control.ts";
import type { ChannelName, CreateLink, Link } from "./link.ts";
import type { SealedSignal, Seals } from "./seals.ts";

/** Whether signals can get to a peer. `none`: not now. `gone`: the server is there and knows nobody of that name. */
export type Way = "open" | "none" | "gone";

export interface MeshEvents {
  onOpen(peerId: string): void;
  onClose(peerId: string, reason: string): void;
  onBytes(peerId: string, bytes: Uint8Array): void;
  onControl(peerId: string, message: ControlMessage): void;
  onDrain(peerId: string): void;
}

export interface MeshOptions {
  readonly selfId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly createLink: CreateLink;
  readonly iceServers: readonly string[];
  readonly seals: Seals;
  readonly sendSignal: (to: string, attempt: string, data: SealedSignal) => void;
  /** Whether signals can reach a peer now: asked before it is dialled again. Absent: they always can. */
  readonly wayTo?: (peerId: string) => Way;
  readonly events: MeshEvents;
}

export interface MeshEnd {
  readonly peerId: string;
  readonly state: Link["state"];
  readonly link: Link | undefined;
  /** Texts that made no sense. */
  readonly nonsense: number;
}

export interface Mesh {
  /** Learns of a participant; `dial` where we joined later than it did. */
  meet(peerId: string, dial: boolean): void;
  forget(peerId: string, reason: string): void;
  /** Closes the link; for a while there is no other one. */
  shun(peerId: string, reason: string): void;
  /** We joined (again): these are here, and whoever we have no link to is ours to dial. */
  reunite(peerIds: readonly string[]): void;
  signal(from: string, attempt: string, sealed: SealedSignal): void;
  /** What this attempt to connect said can't get there. */
  abandon(peerId: string, attempt: string, reason: string): void;
  /** The link is open, and the other side was heard of a moment ago. */
  hears(peerId: string): boolean;
  canSend(peerId: string): boolean;
  send(peerId: string, channel: ChannelName, bytes: Uint8Array): boolean;
  tell(peerId: string, message: ControlMessage): boolean;
  /** The path to this peer loses packets: use one more connection for it. */
  widen(peerId: string): void;
  /** Resolves when no first attempt to connect is under way any more. */
  settled(): Promise<void>;
  /** Whose links are open; the same array until that changes. */
  readonly open: readonly string[];
  ends(): readonly MeshEnd[];
  close(): void;
}
