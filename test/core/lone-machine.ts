/**
 * One round machine, "me" in seat 0, that hears what a test writes by hand from "peer-1", "peer-2", …
 * Seat s owns block s in every round, so that a test can name owners.
 */
import { createMean } from "../../shared/core/averaging/mean.ts";
import { encodingOf } from "../../shared/core/encoding.ts";
import type { LinkCounts } from "../../shared/core/neighbor.ts";
import type { EndMarker } from "../../shared/core/outbox.ts";
import {
  emptyHeader,
  headerBytes,
  maxPacketBytes,
  packetKinds,
  writeHeader,
} from "../../shared/core/packet.ts";
import type { PacketHeader } from "../../shared/core/packet.ts";
import { planWithOwners } from "../../shared/core/plan.ts";
import type { Plan, PlanInput } from "../../shared/core/plan.ts";
import { createRng } from "../../shared/core/rng.ts";
import { createRoundMachine } from "../../shared/core/round.ts";
import type { RoundMachine } from "../../shared/core/round.ts";

const valuesPerFragment = 2;
export const fragmentsPerBlock = 2;
const encoding = encodingOf("f32");

export interface LoneMachine {
  readonly machine: RoundMachine;
  readonly ids: readonly string[];
  readonly valueCount: number;
  /** The fragments that a seat owns. */
  blockOf(seat: number): readonly number[];
  /** Our vector: every value is `value`. */
  own(value: number): Float32Array;
  /** A packet from a seat, everything right but what is overridden. */
  packet(seat: number, change?: Partial<PacketHeader>, ...values: readonly number[]): Uint8Array;
  scatter(seat: number, fragment: number, value: number, round?: number): void;
  gather(seat: number, fragment: number, value: number, round?: number): void;
  /** Everything a well-behaved seat sends in a round, in order, with its markers. */
  wholeRound(seat: number, value: number, round?: number): void;
  endOf(seat: number, phase: EndMarker["phase"], sent: number, round?: number): void;
  feed(seat: number, bytes: Uint8Array): void;
  countsOf(seat: number): LinkCounts;
  /** Virtual milliseconds, given to the machine with every event. */
  now: number;
}

export function createLoneMachine(
  members = 4,
  options: {
    readonly planFor?: (input: PlanInput) => Plan;
    readonly offenceLimit?: number;
    readonly doubtsOthers?: boolean;
    readonly audit?: number;
  } = {},
): LoneMachine {
  const ids = Array.from({ length: members }, (_, seat) => (seat === 0 ? "me" : `peer-${seat}`));
  const valueCount = members * fragmentsPerBlock * valuesPerFragment;
  const seats = Uint32Array.from({ length: members }, (_, seat) => seat);
  const machine = createRoundMachine({
    peerId: "me",
    seed: 1,
    valueCount,
    encoding,
    reduce: createMean(valuesPerFragment),
    rng: createRng(1),
    valuesPerFragment,
    ...options,
    planFor: options.planFor ?? (({ fragmentCount }) => planWithOwners(seats, fragmentCount)),
  });
  for (const id of ids.slice(1)) machine.linkOpened(id);
  machine.install({ epoch: 1, fromRound: 0, members: ids });

  const idOf = (seat: number) => ids[seat] ?? `stranger-${seat}`;
  const blockOf = (seat: number) =>
    Array.from({ length: fragmentsPerBlock }, (_, i) => seat * fragmentsPerBlock + i);

  function packet(
    seat: number,
    change: Partial<PacketHeader> = {},
    ...values: readonly number[]
  ): Uint8Array {
    const bytes = new Uint8Array(maxPacketBytes);
    writeHeader({ ...emptyHeader(), epoch: 1, remaining: 99, seat, ...change }, bytes);
    const payload = values.length > 0 ? Float32Array.from(values) : new Float32Array(valuesPerFragment);
    encoding.encode(payload, 0, payload.length, bytes, headerBytes, createRng(1));
    return bytes.slice(0, headerBytes + payload.length * encoding.bytesPerValue);
  }

  const feed = (seat: number, bytes: Uint8Array) => machine.receive(idOf(seat), bytes, lone.now);
  const both = (value: number) => [value, value];

  const lone: LoneMachine = {
    machine,
    ids,
    valueCount,
    now: 0,
    blockOf,
    own: (value) => new Float32Array(valueCount).fill(value),
    packet,
    feed,
    scatter: (seat, fragment, value, round = 0) =>
      feed(seat, packet(seat, { kind: packetKinds.scatter, fragment, round }, ...both(value))),
    gather: (seat, fragment, value, round = 0) =>
      feed(seat, packet(seat, { kind: packetKinds.gather, fragment, round }, ...both(value))),
    endOf: (seat, phase, sent, round = 0) =>
      machine.endOfPhase(idOf(seat), { epoch: 1, round, phase, sent }, lone.now),
    wholeRound(seat, value, round = 0) {
      for (const fragment of blockOf(0)) lone.scatter(seat, fragment, value, round);
      lone.endOf(seat, "scatter", fragmentsPerBlock, round);
      for (const fragment of blockOf(seat)) lone.gather(seat, fragment, value, round);
      lone.endOf(seat, "gather", fragmentsPerBlock, round);
    },
    countsOf(seat) {
      const counts = machine.counts(idOf(seat));
      if (!counts) throw new Error(`seat ${seat} is nobody we know`);
      return counts;
    },
  };
  return lone;
}
