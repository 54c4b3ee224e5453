/**
 * Spot checks of owners. When a round is over, and an owner has committed itself to its averages, a peer picks some
 * of them at random, asks the members for what they contributed (they still have it), and averages that itself.
 * Nobody waits for the answers and nothing of them is ever applied: what they are for is to tell an owner whose
 * averages are further from that than honest ones can be. Nobody knows beforehand what will be asked for: an owner
 * that knew would tell the truth there and lie elsewhere.
 *
 * The measure is how far contributions are from our average: what two thirds of them are nearer than, because an owner
 * may have been led by liars that follow those. The same contributions give the same average but for rounding; an owner
 * that k of m did not reach is about √(1/(m−k) − 1/m) of it away, and one that heard nobody but itself, which is no
 * lie, about all of it. Answers may be lies as well, so that an honest owner would seem to be the one: what counts is
 * how far its average is from the middle one of the contributions along the way from our average to it. That lies
 * cannot lengthen, other than those that the owner heard: a third of the members leads it by about as much as that.
 */
import type { Contributions, Reduce } from "./averaging/rule.ts";
import type { Encoding } from "./encoding.ts";
import { headerBytes, packetKinds } from "./packet.ts";
import type { PacketHeader } from "./packet.ts";
import type { Neighbor } from "./neighbor.ts";
import type { Rng } from "./rng.ts";
import { fragmentLength, fragmentState } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

/** Of a round's fragments, by one peer; so many are also answered to one peer. */
export const maxAudited = 8;
/** At once, in one round of several: what a request costs is mostly that there is one. */
const maxBatch = 4;
/** Beyond what an owner explains that heard nobody but itself. */
const tolerance = 1.5;
/** Of a value: what f16's dice move it by (rms) at most. */
const f16Rounding = 2 ** -11;
/** With fewer contributions (our own is one) there is no middle to speak of. */
const least = 4;
/** Who has left so many requests in a row unanswered may not know what they are. */
const patience = 16;

/** To a member: what did you contribute to these fragments? It answers with scatters. */
export interface AuditRequest {
  readonly epoch: number;
  readonly round: number;
  readonly fragments: readonly number[];
}

/** Not asked for; taken (once, or as a copy that the network made); no values. */
export type AuditAnswer = "unasked" | "taken" | "senseless";

export interface Audit {
  /** Of a scatter with a right header. */
  take(slot: RoundSlot, neighbor: Neighbor, header: Readonly<PacketHeader>, bytes: Uint8Array): AuditAnswer;
  /**
   * The round is over: judges what was asked for at the last one's end, and asks for some of this one.
   * @returns owners whose averages were too far away
   */
  roundOver(slot: RoundSlot): readonly string[];
  nextRequest(): { readonly to: string; readonly request: AuditRequest } | undefined;
}

interface Case {
  readonly fragment: number;
  readonly owner: string;
  /** As it came from the owner. */
  readonly average: Float32Array;
  readonly contributions: Contributions;
  /** By seat: packets that it may send us, one of them a copy that the network made. */
  readonly awaited: Uint8Array;
}
const copies = 2;

export function createAudit(deps: {
  /** Of all fragments, audited by somebody in a round. */
  readonly share: number;
  readonly shape: SlotShape;
  readonly encoding: Encoding;
  readonly reduce: Reduce;
  readonly rng: Rng;
  readonly neighborAt: (slot: RoundSlot, seat: number) => Neighbor | undefined;
}): Audit {
  const { share, shape, encoding, reduce, rng, neighborAt } = deps;
  const casesOf = new WeakMap<RoundSlot, readonly Case[]>();
  let pending: { readonly slot: RoundSlot; readonly cases: readonly Case[] } | undefined;
  /** Owners that the last audit found too far away: the next one is of theirs again. */
  let suspects: readonly string[] = [];
  const requests: { readonly to: string; readonly request: AuditRequest }[] = [];
  const mean = new Float32Array(shape.valuesPerFragment);

  // ---- asking ------------------------------------------------------------------------------------------

  const isAnothers = (slot: RoundSlot, fragment: number) =>
    slot.received[fragment] === fragmentState.counted && slot.plan.ownerOf(fragment) !== slot.seat;

  function pick(slot: RoundSlot): readonly number[] {
    const picked = new Set<number>();
    const tryOneOf = (first: number, end: number) => {
      const fragment = first + rng.below(Math.max(1, end - first));
      if (fragment < end && isAnothers(slot, fragment) && picked.size < maxAudited) picked.add(fragment);
    };
    for (const [seat, member] of slot.view.members.entries()) {
      const { first, end } = slot.plan.blockOf(seat);
      if (suspects.includes(member)) tryOneOf(first, end);
    }
    const batch = Math.min(maxBatch, shape.fragmentCount);
    const batches = (share * shape.fragmentCount) / slot.view.members.length / batch;
    const count = batch * (Math.floor(batches) + (rng.float() < batches % 1 ? 1 : 0));
    for (let i = 0; i < Math.min(maxAudited, count); i++) tryOneOf(0, shape.fragmentCount);
    return [...picked];
  }

  function openCase(slot: RoundSlot, fragment: number, values: Float32Array): Case {
    const members = slot.view.members.length;
    const start = fragment * shape.valuesPerFragment;
    const end = start + fragmentLength(shape, fragment);
    const stride = shape.valuesPerFragment;
    const rows = new Float32Array(members * stride);
    rows.set(values.subarray(start, end), slot.seat * stride);
    const present = new Uint8Array(members);
    present[slot.seat] = 1;
    return {
      fragment,
      owner: slot.view.members[slot.plan.ownerOf(fragment)] ?? "",
      average: slot.averages.slice(start, end),
      contributions: { values: rows, offset: 0, stride, members, present, presentAt: 0 },
      awaited: new Uint8Array(members),
    };
  }

  function ask(slot: RoundSlot, cases: readonly Case[]): void {
    for (const [seat, member] of slot.view.members.entries()) {
      const neighbor = neighborAt(slot, seat);
      const about = cases.filter(({ owner }) => owner !== member);
      if (seat === slot.seat || !neighbor || !isAsked(neighbor) || about.length === 0) continue;
      neighbor.unanswered += 1;
      for (const { awaited } of about) awaited[seat] = copies;
      const { round, view } = slot;
      const fragments = about.map(({ fragment }) => fragment);
      requests.push({ to: member, request: { epoch: view.epoch, round, fragments } });
    }
  }

  // ---- judging -----------------------------------------------------------------------------------------

  /**
   * How many times as far away as an owner that heard nobody but itself; undefined where nobody can tell. Among k, the
   * mean has a part of each: a contribution that is not among them is √((k + 1) / (k − 1)) times as far from it.
   */
  function farOf(slot: RoundSlot, { average, contributions }: Case): number | undefined {
    const { present, values, stride } = contributions;
    const seats = [...present.keys()].filter((seat) => present[seat] === 1);
    if (seats.length < least) return undefined;
    reduce(contributions, average.length, mean, 0, slot);
    const distanceOf = (row: Float32Array, at: number) => {
      let sum = 0;
      for (let i = 0; i < average.length; i++) sum += ((row[at + i] ?? 0) - (mean[i] ?? 0)) ** 2;
      return Math.sqrt(sum);
    };
    const distances = seats.map((seat) => distanceOf(values, seat * stride)).toSorted((a, b) => a - b);
    const usual = distances[Math.floor((2 * distances.length) / 3)] ?? 0;
    const apart = distanceOf(average, 0);
    // Where most have learned nothing, one that was not heard is all there is.
    if (usual === 0 || apart === 0) return undefined;
    // How far it went from most of them in that direction: who answers with lies has a part in the mean, but not in this.
    const along = (row: number) => {
      let sum = 0;
      for (let i = 0; i < average.length; i++) {
        const moved = average[i] ?? 0;
        sum += (moved - (values[row + i] ?? 0)) * (moved - (mean[i] ?? 0));
      }
      return sum / apart;
    };
    const moved = seats.map((seat) => along(seat * stride)).toSorted((a, b) => a - b);
    const rounding = encoding.bytesPerValue < 4 ? f16Rounding * Math.hypot(...average) : 0;
    const alone = usual * Math.sqrt((seats.length + 1) / (seats.length - 1));
    return ((moved[Math.floor((moved.length - 1) / 2)] ?? 0) - rounding) / alone;
  }

  function judge(): readonly string[] {
    if (!pending) return [];
    const { slot, cases } = pending;
    const far = cases.filter((one) => (farOf(slot, one) ?? 0) > tolerance);
    return [...new Set(far.map(({ owner }) => owner))];
  }

  return {
    take(slot, neighbor, { kind, seat, fragment }, bytes) {
      if (kind !== packetKinds.scatter || slot.plan.ownerOf(fragment) === slot.seat) return "unasked";
      const found = casesOf.get(slot)?.find((one) => one.fragment === fragment);
      if (!found) return "unasked";
      const { contributions, awaited } = found;
      const { present, values, stride } = contributions;
      const left = awaited[seat] ?? 0;
      if (left === 0) return "unasked";
      awaited[seat] = left - 1;
      neighbor.unanswered = 0;
      if (present[seat] === 1) {
        neighbor.counts.duplicates += 1;
        return "taken";
      }
      const length = fragmentLength(shape, fragment);
      if (!encoding.decode(bytes, headerBytes, length, values, seat * stride)) return "senseless";
      present[seat] = 1;
      neighbor.counts.received += 1;
      return "taken";
    },
    roundOver(slot) {
      suspects = judge();
      pending = undefined;
      const { values } = slot;
      // The owner is not asked about itself.
      if (!values || slot.listening || slot.view.members.length <= least) return suspects;
      const cases = pick(slot).map((fragment) => openCase(slot, fragment, values));
      casesOf.set(slot, cases);
      pending = { slot, cases };
      ask(slot, cases);
      return suspects;
    },
    nextRequest: () => requests.shift(),
  };
}

function isAsked({ connected, unanswered, counts }: Neighbor): boolean {
  return connected && unanswered < patience && counts.conduct.mutedFor === 0;
}
