/**
 * Mutated packets into a group that goes on averaging under loss. They come in the name of a member whose
 * real packets arrive as well: the worst that a stranger could manage. Counts what should not be.
 */
import { robustOf } from "../../shared/core/robust-setting.ts";
import { offenceLimit } from "../../shared/core/conduct.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { Group, GroupOptions } from "../../shared/simulation/group.ts";
import { randomVectors } from "./exchange.ts";
import { anything, invalid, pick, u32Extremes } from "./packet-mutations.ts";
import type { Mutate } from "./packet-mutations.ts";

const rounds = 100;
const valuesPerFragment = 4;
const valueCount = 30 * valuesPerFragment;
const attacker = "peer-1";
const victims = [0, 2, 3] as const;

/** What judges a packet differs from task to task. Among four nobody audits owners (audit.ts). */
export const fuzzedGroups = {
  rps: { members: 4 },
  "f16, parity": { members: 4, encoding: "f16", parity: 0.5 },
  robust: { members: 4, robust: robustOf("centered-clip") },
  "robust, audits": { members: 6, robust: { ...robustOf("centered-clip"), audit: 1 } },
} as const satisfies Record<string, Partial<GroupOptions>>;

export interface PacketFuzz {
  readonly group: keyof typeof fuzzedGroups;
  /** `invalid`: none of them may count, whatever it is; `anything`: some are as good as real ones. */
  readonly mutations: "invalid" | "anything";
  readonly packets: number;
  /** Of the mutations; the group and its losses are always the same. */
  readonly seed: number;
  /** Mute who sends it, as always outside of tests: its own packets do not count any more, then. */
  readonly mutes?: boolean;
}

export interface PacketFuzzFigures {
  readonly packets: number;
  readonly throws: number;
  /** The first of them. */
  readonly thrown: string | undefined;
  /** Replicas, one for each member and round, that are not what they are without it; only `invalid` has to. */
  readonly changed: number;
  readonly notFinite: number;
  /** Packets that are not exactly one of accepted, duplicate, stale, rejected, late; or rejected without a reason. */
  readonly unaccounted: number;
  /** The longest averaging, in those of a run without it, and in its own deadline. */
  readonly slowdown: number;
  readonly ofDeadline: number;
  /** By the members that it was sent to. */
  readonly mutedBy: number;
}

interface Run {
  readonly group: Group;
  readonly values: readonly (readonly Float32Array[])[];
  readonly longestMs: number;
  readonly ofDeadline: number;
  readonly fed: number;
  readonly throws: readonly unknown[];
  /** Packets that arrived, by "from to". */
  readonly arrivals: ReadonlyMap<string, number>;
  readonly mutedBy: ReadonlySet<number>;
}

function run(fuzz: PacketFuzz, mutations: readonly Mutate[]): Run {
  const options: Partial<GroupOptions> & Pick<GroupOptions, "members"> = fuzzedGroups[fuzz.group];
  const { members } = options;
  const seen: Uint8Array[] = [];
  const arrivals = new Map<string, number>();
  const onReceive = (from: string, to: string) =>
    void arrivals.set(`${from} ${to}`, (arrivals.get(`${from} ${to}`) ?? 0) + 1);
  const group = createGroup({
    ...options,
    seed: 12,
    valueCount,
    valuesPerFragment,
    weather: { loss: 0.05, jitterMs: 2 },
    // The machine would mute the member in whose name this comes: its own packets have to count here.
    offenceLimit: fuzz.mutes ? offenceLimit : Infinity,
    onSend: (from, _to, bytes) => void (from === attacker && seen.push(bytes.slice())),
    onReceive,
  });
  const rng = createRng(fuzz.seed);
  const values: Float32Array[][] = [];
  const throws: unknown[] = [];
  const mutedBy = new Set<number>();
  let [longestMs, ofDeadline, fed] = [0, 0, 0];

  function feed(round: number): void {
    const real = pick(seen.slice(-60), rng)?.slice();
    const mutate = pick(mutations, rng);
    const seat = pick(victims, rng) ?? 0;
    const target = group.ids[seat] ?? "";
    if (!real || !mutate) return;
    const { encoding = "f32" } = options;
    const bytes = mutate(real, { seen, round, rng, encoding, fragmentCount: valueCount / valuesPerFragment });
    fed += 1;
    onReceive(attacker, target);
    try {
      group.machines[seat]?.receive(attacker, bytes, group.time.now());
      if (fuzz.mutations === "anything" && rng.below(10) === 0) sayNonsense(seat, round);
      if (group.machines[seat]?.takeOffender()) mutedBy.add(seat);
    } catch (error) {
      throws.push(error);
    }
    group.network.settle(target);
  }

  function sayNonsense(seat: number, round: number): void {
    const word = () => pick([...u32Extremes, round], rng) ?? 0;
    const phase = rng.below(2) === 0 ? "scatter" : "gather";
    const marker = { epoch: pick([1, word()], rng) ?? 1, round: word(), phase, sent: word() } as const;
    group.machines[seat]?.endOfPhase(attacker, marker, group.time.now());
    const fragments = Array.from({ length: rng.below(12) }, word);
    group.machines[seat]?.audited(attacker, { epoch: marker.epoch, round: word(), fragments });
  }

  const seats = group.ids.map((_, seat) => seat);
  for (let round = 0; round < rounds; round++) {
    const vectors = randomVectors(members, valueCount, mix(12, round));
    for (let i = 0; i < (mutations.length > 0 ? fuzz.packets / rounds : 0); i++)
      group.time.after(8 * rng.float(), () => feed(round));
    // One of them only listens now and then, as who has fallen behind.
    for (const seat of seats)
      group.begin(seat, round, vectors[seat] ?? new Float32Array(), seat === 3 && round % 5 === 4);
    const results = group.finished(seats);
    values.push(results.map((result) => result.values));
    for (const { roundMs, deadlineMs } of results) {
      longestMs = Math.max(longestMs, roundMs);
      ofDeadline = Math.max(ofDeadline, roundMs / deadlineMs);
    }
    group.drain();
  }
  for (const machine of group.machines) machine.expect(rounds + 10);
  return { group, values, longestMs, ofDeadline, fed, throws, arrivals, mutedBy };
}

function accountOf({ group, arrivals }: Run, from: string, seat: number): number {
  const counts = group.machines[seat]?.counts(from);
  if (!counts) return 0;
  const { received, duplicates, drops } = counts;
  const accounted = received + duplicates + drops.stale + drops.rejected + drops.late;
  return Math.abs(accounted - (arrivals.get(`${from} peer-${seat}`) ?? 0));
}

function withoutReason({ group }: Run, seat: number): number {
  const counts = group.machines[seat]?.counts(attacker);
  if (!counts) return 0;
  const { duplicate: _, ...offences } = counts.conduct.offences;
  const told = Object.values(offences).reduce((sum, count) => sum + count, 0);
  return Math.max(0, counts.drops.rejected - told);
}

function unaccountedFor(attacked: Run, fuzz: PacketFuzz): number {
  // Packets of parity count as what they gave back.
  const counted = "parity" in fuzzedGroups[fuzz.group] ? [] : attacked.group.ids;
  // What the attacker's seat is made to say of its own packets, in markers, is not part of the sum.
  const senders = counted.filter((from) => fuzz.mutations === "invalid" || from !== attacker);
  const seats = attacked.group.ids.map((_, seat) => seat);
  const gaps = senders.flatMap((from) => seats.map((seat) => accountOf(attacked, from, seat)));
  // A muted one's are refused unread.
  const reasons = fuzz.mutes ? [] : victims.map((seat) => withoutReason(attacked, seat));
  const strays = attacked.group.machines.map((machine) => machine.strays);
  return [...gaps, ...reasons, ...strays].reduce((sum, count) => sum + count, 0);
}

const isSame = (a: Float32Array, b: Float32Array | undefined) =>
  b !== undefined && a.every((value, at) => Object.is(value, b[at]));

export function fuzzPackets(fuzz: PacketFuzz): PacketFuzzFigures {
  const calm = run({ ...fuzz, packets: 0 }, []);
  const attacked = run(fuzz, fuzz.mutations === "invalid" ? invalid : anything);
  const [first] = attacked.throws;
  return {
    packets: attacked.fed,
    throws: attacked.throws.length,
    thrown: first instanceof Error ? first.stack : attacked.throws.length > 0 ? String(first) : undefined,
    changed: attacked.values
      .flatMap((all, round) => all.map((values, seat) => isSame(values, calm.values[round]?.[seat])))
      .filter((same) => !same).length,
    notFinite: attacked.values.flat().filter((values) => !values.every(Number.isFinite)).length,
    unaccounted: unaccountedFor(attacked, fuzz),
    slowdown: attacked.longestMs / calm.longestMs,
    ofDeadline: attacked.ofDeadline,
    mutedBy: attacked.mutedBy.size,
  };
}
