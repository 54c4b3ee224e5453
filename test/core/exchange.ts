/** One averaging among n round machines over a simulated network, for tests that look at its result. */
import { createRule } from "../../shared/core/averaging/rules.ts";
import { encodingOf } from "../../shared/core/encoding.ts";
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
  readonly averaging?: AveragingName;
  readonly encoding?: EncodingName;
  readonly planFor?: (input: PlanInput) => Plan;
  readonly patience?: PatienceLimits;
  readonly onSend?: (from: string, to: string, bytes: Uint8Array) => void;
}

export interface Group {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly ids: readonly string[];
  readonly machines: readonly RoundMachine[];
  /** Everybody begins `round` with its own vector; resolves when all live machines have finished. */
  average(round: number, vectors: readonly Float32Array[], alive?: readonly number[]): RoundResult[];
}

export function createGroup(options: GroupOptions): Group {
  const time = createVirtualTime();
  const weather: Weather = { ...fairWeather, ...options.weather };
  const network = createSimulatedNetwork({
    time,
    seed: options.seed,
    weatherOf: () => weather,
    ...(options.onSend ? { onSend: options.onSend } : {}),
  });
  const ids = Array.from({ length: options.members }, (_, seat) => `peer-${seat}`);
  const encoding = encodingOf(options.encoding ?? "f32");
  const results = new Map<string, RoundResult>();
  const machines = ids.map((peerId, seat) => {
    const machine = createRoundMachine({
      peerId,
      seed: options.seed,
      valueCount: options.valueCount,
      encoding,
      reduce: createRule(options.averaging ?? "rps", options.valuesPerFragment ?? 1024).reduce,
      rng: createRng(mix(options.seed, seat, 77)),
      ...(options.valuesPerFragment ? { valuesPerFragment: options.valuesPerFragment } : {}),
      ...(options.patience ? { patience: options.patience } : {}),
      ...(options.planFor ? { planFor: options.planFor } : {}),
    });
    network.add({ peerId, machine, onResult: (result) => void results.set(peerId, result) });
    return machine;
  });
  for (const machine of machines) machine.install({ epoch: 1, fromRound: 0, members: ids });

  function average(
    round: number,
    vectors: readonly Float32Array[],
    alive = ids.map((_, i) => i),
  ): RoundResult[] {
    results.clear();
    for (const seat of alive) network.begin(ids[seat] ?? "", round, vectors[seat] ?? new Float32Array(0));
    time.runUntil(() => results.size === alive.length, 5_000_000);
    return alive.map((seat) => {
      const result = results.get(ids[seat] ?? "");
      if (!result) throw new Error(`seat ${seat} did not finish round ${round}`);
      return result;
    });
  }
  return { time, network, ids, machines, average };
}

export function randomVectors(members: number, length: number, seed: number): Float32Array[] {
  return Array.from({ length: members }, (_, seat) => {
    const rng = createRng(mix(seed, seat));
    return Float32Array.from({ length }, () => rng.normal());
  });
}
