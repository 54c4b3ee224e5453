/** The round machine as its users see it; round.ts is the one that runs. */
import type { AuditRequest } from "./audit.ts";
import type { Reduce, Turn } from "./averaging/rule.ts";
import type { Offence } from "./conduct.ts";
import type { Encoding } from "./encoding.ts";
import type { Use } from "./intake.ts";
import type { LinkCounts } from "./neighbor.ts";
import type { EndMarker } from "./outbox.ts";
import type { PatienceLimits } from "./patience.ts";
import type { Plan, PlanInput } from "./plan.ts";
import type { Rng } from "./rng.ts";
import type { View } from "./view.ts";

export interface RoundMachineOptions {
  readonly peerId: string;
  /** The task's seed: owners are drawn from it. */
  readonly seed: number;
  readonly valueCount: number;
  /** The task's rounds: packets of later ones are nobody's. */
  readonly rounds?: number;
  readonly encoding: Encoding;
  readonly reduce: Reduce;
  /** The rule's: see `AveragingRule`. */
  readonly doubtsOthers?: boolean;
  /** The rule's, too. */
  readonly exchangesUpdates?: boolean;
  /** The task's `robust.audit`. */
  readonly audit?: number;
  /** Points that mute a neighbour (conduct.ts); Infinity where a test speaks in an honest one's name. */
  readonly offenceLimit?: number;
  /** Parity packets for each packet of averages (0 … 1): the task's. */
  readonly parity?: number;
  /** Order of sending and stochastic rounding; need not agree between peers. */
  readonly rng: Rng;
  readonly patience?: PatienceLimits;
  /** Smaller fragments and other owners, for tests. */
  readonly valuesPerFragment?: number;
  readonly planFor?: (input: PlanInput) => Plan;
}

/** What has come of a round. */
export interface Come {
  /** The exchanged vector: averages, and what we kept where none arrived. */
  readonly values: Float32Array;
  /** 1 for every fragment that is an average, 0 where our own values stayed. */
  readonly averaged: Uint8Array;
  readonly averagedCount: number;
}

export interface RoundResult extends Come {
  readonly round: number;
  readonly epoch: number;
  /** From `begin` to here. */
  readonly roundMs: number;
  /** How much later we began than the median of the others; negative when earlier; undefined when unknown. */
  readonly lagMs: number | undefined;
  /** Seats that ran into the deadline. */
  readonly missed: readonly string[];
  /** The longest this round could have taken. */
  readonly deadlineMs: number;
}

export interface RoundMachine {
  readonly fragmentCount: number;
  /** Learns of a view; it takes effect by its own `fromRound`. */
  install(view: View): void;
  /** The view that holds in a round. */
  viewFor(round: number): View | undefined;
  /** Our place in a round; undefined where we have none. */
  turnOf(round: number): Turn | undefined;
  /** The training whose views we know is gone; another one's views may start from 1 again. */
  restart(): void;
  /** We are about to enter this round: packets of others that are there already are kept from now on. */
  expect(round: number): void;
  /**
   * Enters a round with our values after the local steps. With `listen` nothing of ours is contributed: a
   * newcomer or a peer that fell behind completes its replica from the gathers. `kept` stands where no
   * average arrives, if that is not `values`.
   * @throws when no view holds in this round, (not listening) we are no member of it, or it has begun before
   */
  begin(round: number, values: Float32Array, now: number, listen?: boolean, kept?: Float32Array): void;
  /** After a packet of no use ("none") there is nothing new to ask for. */
  receive(from: string, bytes: Uint8Array, now: number): Use;
  /** The reliable end marker: nothing more comes in this phase. */
  endOfPhase(from: string, marker: EndMarker, now: number): void;
  linkOpened(peerId: string): void;
  linkClosed(peerId: string, now: number): void;
  /** The other end wants our gathers without being a member. False when too many do already. */
  setListening(peerId: string, listening: boolean): boolean;
  tick(now: number): void;
  /** Writes the next packet for a peer into `out` (≥ 1,150 bytes): its length, or 0 when there is none. */
  nextPacket(to: string, out: Uint8Array): number;
  nextMarker(): { readonly to: string; readonly marker: EndMarker } | undefined;
  /** What to ask a member for, on the reliable channel; and what one asks us for. */
  nextRequest(): { readonly to: string; readonly request: AuditRequest } | undefined;
  audited(from: string, request: AuditRequest): void;
  /** The finished round's result, once. */
  takeResult(): RoundResult | undefined;
  /** Of the round that we only listen to, so far. */
  heard(): Come | undefined;
  /** Whom we have just muted, and why, once. */
  takeOffender(): { readonly peerId: string; readonly offence: Offence } | undefined;
  /** When `tick` has to be called at the latest; Infinity while nothing is waited for. */
  wakeAt(): number;
  /** Nobody, as far as something can come of them, has been in the round before this one; also when there is nobody. */
  isAhead(round: number): boolean;
  /** Nobody else in this round has the whole model: all of them only listen, or there is nobody else. */
  isLeaderless(round: number): boolean;
  /** The newest round that enough of the others have been seen in; −1 before that. */
  newestRound(): number;
  /** The round to jump to when we fell behind; undefined while we keep pace. */
  jumpTo(): number | undefined;
  /** The run is over: what the last rounds came to is counted. */
  conclude(): void;
  counts(peerId: string): LinkCounts | undefined;
  /** Bytes that were nobody's packet: unknown sender, before any view, … */
  readonly strays: number;
}
