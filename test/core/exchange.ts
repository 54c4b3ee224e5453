/** One averaging among n round machines over a simulated network, for tests that look at its result. */
import { offerOf } from "../../shared/core/averaging/offer.ts";
import { createRule, roundOptionsOf } from "../../shared/core/averaging/rules.ts";
import type { AveragingRule } from "../../shared/core/averaging/rule.ts";
import { addDrops, noDrops } from "../../shared/core/drops.ts";
import { encodingOf } from "../../shared/core/encoding.ts";
import type { LinkCounts } from "../../shared/core/neighbor.ts";
import { emptyHeader, readHeader } from "../../shared/core/packet.ts";
import type { PacketHeader } from "../../shared/core/packet.ts";
import type { PatienceLimits } from "../../shared/core/patience.ts";
import type { Plan, PlanInput } from "../../shared/core/plan.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import { createRoundMachine } from "../../shared/core/round.ts";
import type { RoundMachine, RoundResult } from "../../shared/core/round.ts";
import type { AveragingName, EncodingName } from "../../shared/core/task.ts";
import { createSimulatedNetwork } from "../../shared/simulation/network.ts";
import type { SimulatedNetwork } from "../../shared/simulation/network.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import type { VirtualTime } from "../../shared/simulation/virtual-time.ts";
import { fairWeather } from "../../shared/simulation/weather.ts";
import type { Weather } from "../../shared/simulation/weather.ts";

export interface GroupOptions {
  readonly members: number;
  readonly seed: number;
  readonly valueCount: number;
  readonly valuesPerFragment?: number;
  readonly weather?: Partial<Weather>;
  /** Another weather for some paths; the rest has `weather`. */
  readonly weatherOf?: (from: string, to: string) => Partial<Weather> | undefined;
  readonly averaging?: AveragingName;
  readonly encoding?: EncodingName;
  readonly parity?: number;
  readonly planFor?: (input: PlanInput) => Plan;
  readonly patience?: PatienceLimits;
  readonly onSend?: (from: string, to: string, bytes: Uint8Array) => void;
  /** Sees every packet that arrives, wherever it comes from. */
  readonly onReceive?: (from: string, to: string) => void;
}

export interface Group {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly ids: readonly string[];
  readonly machines: readonly RoundMachine[];
  /** Everybody begins `round` with its own vector; resolves when all live machines have finished. */
  average(round: number, vectors: readonly Float32Array[], alive?: readonly number[]): RoundResult[];
  begin(seat: number, round: number, values: Float32Array, listen?: boolean): void;
  /** A peer begins `round` as its rule has it, with its replica before and after it learned. */
  learned(seat: number, round: number, before: Float32Array, after: Float32Array): void;
  readonly rules: readonly AveragingRule[];
  /** The results of all that finish from now on, by seat; runs until these seats have. */
  finished(seats: readonly number[]): RoundResult[];
  /** Lets everything that is on its way arrive. */
  drain(): void;
  /** Everything that `seat` counted, over all its neighbours. */
  countsOf(seat: number): LinkCounts;
}

export function createGroup(options: GroupOptions): Group {
  const time = createVirtualTime();
  const weather: Weather = { ...fairWeather, ...options.weather };
  const network = createSimulatedNetwork({
    time,
    seed: options.seed,
    weatherOf: (from, to) => ({ ...weather, ...options.weatherOf?.(from, to) }),
    ...(options.onSend ? { onSend: options.onSend } : {}),
  });
  const ids = Array.from({ length: options.members }, (_, seat) => `peer-${seat}`);
  const encoding = encodingOf(options.encoding ?? "f32");
  const results = new Map<string, RoundResult>();
  const rules = ids.map(() => createRule(options.averaging ?? "rps", options.valuesPerFragment ?? 1024));
  const machines = ids.map((peerId, seat) => {
    const machine = createRoundMachine({
      peerId,
      seed: options.seed,
      valueCount: options.valueCount,
      encoding,
      ...optionsOf(rules[seat]),
      parity: options.parity ?? 0,
      rng: createRng(mix(options.seed, seat, 77)),
      ...(options.valuesPerFragment ? { valuesPerFragment: options.valuesPerFragment } : {}),
      ...(options.patience ? { patience: options.patience } : {}),
      ...(options.planFor ? { planFor: options.planFor } : {}),
    });
    const watched: RoundMachine = Object.assign(Object.create(machine), {
      receive(from: string, bytes: Uint8Array, now: number) {
        options.onReceive?.(from, peerId);
        machine.receive(from, bytes, now);
      },
    });
    network.add({ peerId, machine: watched, onResult: (result) => void results.set(peerId, result) });
    return watched;
  });
  for (const machine of machines) machine.install({ epoch: 1, fromRound: 0, members: ids });

  function average(
    round: number,
    vectors: readonly Float32Array[],
    alive = ids.map((_, i) => i),
  ): RoundResult[] {
    for (const seat of alive) begin(seat, round, vectors[seat] ?? new Float32Array(0));
    return finished(alive);
  }

  function begin(seat: number, round: number, values: Float32Array, listen?: boolean): void {
    results.delete(ids[seat] ?? "");
    network.begin(ids[seat] ?? "", round, values, listen);
  }

  function learned(seat: number, round: number, before: Float32Array, after: Float32Array): void {
    const id = ids[seat] ?? "";
    const rule = rules[seat];
    if (!rule) throw new Error(`seat ${seat}: there is none`);
    results.delete(id);
    const { outgoing, kept } = offerOf(rule, machines[seat]?.turnOf(round), before, after);
    network.begin(id, round, outgoing, false, kept);
  }

  function finished(seats: readonly number[]): RoundResult[] {
    const has = (seat: number) => results.has(ids[seat] ?? "");
    time.runUntil(() => seats.every(has), 5_000_000);
    return seats.map((seat) => {
      const result = results.get(ids[seat] ?? "");
      if (!result) throw new Error(`seat ${seat} did not finish`);
      return result;
    });
  }

  function countsOf(seat: number): LinkCounts {
    const all = ids.map((id) => machines[seat]?.counts(id)).filter((counts) => counts !== undefined);
    return sumCounts(all);
  }

  return {
    time,
    network,
    ids,
    machines,
    average,
    begin,
    learned,
    rules,
    finished,
    drain: () => time.runUntil(() => false, 5_000_000),
    countsOf,
  };
}

function optionsOf(rule: AveragingRule | undefined) {
  if (!rule) throw new Error("no such seat");
  return roundOptionsOf(rule);
}

function sumCounts(all: readonly LinkCounts[]): LinkCounts {
  const total = { sent: 0, received: 0, duplicates: 0, drops: noDrops() };
  for (const counts of all) {
    total.sent += counts.sent;
    total.received += counts.received;
    total.duplicates += counts.duplicates;
    addDrops(total.drops, counts.drops);
  }
  return total;
}

/** A header read off the wire; throws when it is none. */
export function headerOf(bytes: Uint8Array): PacketHeader {
  const header = emptyHeader();
  if (!readHeader(bytes, header)) throw new Error("not a packet");
  return header;
}

export function randomVectors(members: number, length: number, seed: number): Float32Array[] {
  return Array.from({ length: members }, (_, seat) => {
    const rng = createRng(mix(seed, seat));
    return Float32Array.from({ length }, () => rng.normal());
  });
}
