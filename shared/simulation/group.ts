/**
 * Round machines that are one view and average over simulated paths, from a round's begin on each of them to
 * its results. What is learned between rounds is the caller's.
 */
import { offerOf } from "../core/averaging/offer.ts";
import type { AveragingRule } from "../core/averaging/rule.ts";
import { createRule, roundOptionsOf } from "../core/averaging/rules.ts";
import { encodingOf } from "../core/encoding.ts";
import { valuesPerFragment } from "../core/packet.ts";
import type { PatienceLimits } from "../core/patience.ts";
import type { Plan, PlanInput } from "../core/plan.ts";
import type { RobustSetting } from "../core/robust-setting.ts";
import { createRng, mix } from "../core/rng.ts";
import { createRoundMachine } from "../core/round.ts";
import type { RoundMachine, RoundResult } from "../core/round.ts";
import type { AveragingName, EncodingName } from "../core/task.ts";
import { createSimulatedNetwork } from "./network.ts";
import type { SimulatedNetwork } from "./network.ts";
import { createVirtualTime } from "./virtual-time.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { fairWeather } from "./weather.ts";
import type { Weather } from "./weather.ts";

export interface GroupOptions {
  readonly members: number;
  /** Of the owners and the losses. */
  readonly seed: number;
  readonly valueCount: number;
  /** Smaller fragments, for tests and for vectors of a few values. */
  readonly valuesPerFragment?: number;
  readonly weather?: Partial<Weather>;
  /** Another weather for some paths; the rest has `weather`. */
  readonly weatherOf?: (from: string, to: string) => Partial<Weather> | undefined;
  readonly isCutOff?: (peerId: string) => boolean;
  readonly averaging?: AveragingName;
  readonly robust?: RobustSetting;
  readonly encoding?: EncodingName;
  /** Packets of parity for each fragment of the gather. */
  readonly parity?: number;
  readonly planFor?: (input: PlanInput) => Plan;
  readonly patience?: PatienceLimits;
  /** See `RoundMachineOptions`. */
  readonly offenceLimit?: number;
  /** The view's; another first round, other losses. */
  readonly firstRound?: number;
  /** Sees every packet that is sent, and may change it in place. */
  readonly onSend?: (from: string, to: string, bytes: Uint8Array) => void;
  /** Sees every packet that arrives over a path. */
  readonly onReceive?: (from: string, to: string) => void;
}

export interface Group {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly ids: readonly string[];
  readonly machines: readonly RoundMachine[];
  readonly rules: readonly AveragingRule[];
  /** Everybody alive begins `round` with its own vector; returns when all of them have finished. */
  average(round: number, vectors: readonly Float32Array[], alive?: readonly number[]): RoundResult[];
  begin(seat: number, round: number, values: Float32Array, listen?: boolean): void;
  /** A peer begins `round` as its rule has it, with its replica before and after it learned. */
  learned(seat: number, round: number, before: Float32Array, after: Float32Array): void;
  /** The results of all that finish from now on, by seat; runs until these seats have. */
  finished(seats: readonly number[]): RoundResult[];
  /** Lets everything that is on its way arrive. */
  drain(): void;
}

/** An end for every wait: far more than a round of any size takes. */
const maxEvents = 5_000_000;

export function createGroup(options: GroupOptions): Group {
  const { seed, firstRound = 0 } = options;
  const time = createVirtualTime();
  const weather: Weather = { ...fairWeather, ...options.weather };
  const network = createSimulatedNetwork({
    time,
    seed: mix(seed, firstRound),
    weatherOf: (from, to) => ({ ...weather, ...options.weatherOf?.(from, to) }),
    ...(options.onSend ? { onSend: options.onSend } : {}),
    ...(options.onReceive ? { onReceive: options.onReceive } : {}),
    ...(options.isCutOff ? { isCutOff: options.isCutOff } : {}),
  });
  const results = new Map<string, RoundResult>();
  const encoding = encodingOf(options.encoding ?? "f32");
  const perFragment = options.valuesPerFragment ?? valuesPerFragment(encoding.bytesPerValue);
  const all = Array.from({ length: options.members }, (_, seat) => {
    const peerId = `peer-${seat}`;
    const rule = createRule(options.averaging ?? "rps", perFragment, options.robust);
    const machine = createRoundMachine({
      peerId,
      seed,
      valueCount: options.valueCount,
      encoding,
      ...roundOptionsOf(rule),
      parity: options.parity ?? 0,
      rng: createRng(mix(seed, firstRound, seat)),
      valuesPerFragment: perFragment,
      ...(options.patience ? { patience: options.patience } : {}),
      ...(options.offenceLimit === undefined ? {} : { offenceLimit: options.offenceLimit }),
      ...(options.planFor ? { planFor: options.planFor } : {}),
    });
    network.add({ peerId, machine, onResult: (result) => void results.set(peerId, result) });
    return { peerId, rule, machine };
  });
  const ids = all.map(({ peerId }) => peerId);
  for (const { machine } of all) machine.install({ epoch: 1, fromRound: firstRound, members: ids });

  function memberAt(seat: number) {
    const member = all[seat];
    if (!member) throw new Error(`seat ${seat}: there are ${all.length}`);
    return member;
  }

  function begin(seat: number, round: number, values: Float32Array, listen = false, kept?: Float32Array) {
    const { peerId } = memberAt(seat);
    results.delete(peerId);
    network.begin(peerId, round, values, listen, kept);
  }

  function finished(seats: readonly number[]): RoundResult[] {
    const waitedFor = seats.map((seat) => memberAt(seat).peerId);
    time.runUntil(() => waitedFor.every((id) => results.has(id)), maxEvents);
    return waitedFor.map((id) => {
      const result = results.get(id);
      if (!result) throw new Error(`${id} did not finish`);
      return result;
    });
  }

  return {
    time,
    network,
    ids,
    machines: all.map(({ machine }) => machine),
    rules: all.map(({ rule }) => rule),
    average(round, vectors, alive = ids.map((_, seat) => seat)) {
      for (const seat of alive) begin(seat, round, vectors[seat] ?? new Float32Array());
      return finished(alive);
    },
    begin,
    learned(seat, round, before, after) {
      const { rule, machine } = memberAt(seat);
      const { outgoing, kept } = offerOf(rule, machine.turnOf(round), before, after);
      begin(seat, round, outgoing, false, kept);
    },
    finished,
    drain: () => time.runUntil(() => false, maxEvents),
  };
}
