/**
 * The averaging alone, among replicas that all begin a round at the same moment: the round machine and the
 * rule of a real run, over paths that lose and do nothing else. What the learning is made of is the caller's.
 */
import { offerOf } from "../core/averaging/offer.ts";
import { createRule, roundOptionsOf } from "../core/averaging/rules.ts";
import { encodingOf } from "../core/encoding.ts";
import { valuesPerFragment } from "../core/packet.ts";
import { boundlessPatience } from "../core/patience.ts";
import { createRng, mix } from "../core/rng.ts";
import { createRoundMachine } from "../core/round.ts";
import type { RoundMachine, RoundResult } from "../core/round.ts";
import type { AveragingName } from "../core/task.ts";
import { createSimulatedNetwork } from "./network.ts";
import { createVirtualTime } from "./virtual-time.ts";
import { fairWeather } from "./weather.ts";
import type { Weather } from "./weather.ts";

export interface ExchangeOptions {
  readonly peers: number;
  readonly valueCount: number;
  readonly averaging: AveragingName;
  /** Packets of parity for each fragment of the gather. */
  readonly parity?: number;
  /** Of the owners and the losses. */
  readonly seed: number;
  readonly weather?: Partial<Weather>;
  /** The first round that will come; another first round, other losses. */
  readonly firstRound?: number;
  /** Smaller fragments, for tests and for vectors of a few values. */
  readonly valuesPerFragment?: number;
}

export interface Exchange {
  /**
   * One round, the next one after the last: what each peer had before its local steps and has after them.
   * @returns the next replica of each peer
   */
  round(round: number, before: readonly Float32Array[], after: readonly Float32Array[]): Float32Array[];
  /** The end: fragments that were to arrive since the start, and those that did not. */
  account(): { readonly awaited: number; readonly dropped: number };
}

/** In virtual time, which costs nothing: nobody is ever given up. */
const patienceMs = 600_000;

export function createExchange(options: ExchangeOptions): Exchange {
  const { peers, valueCount, seed, firstRound = 0 } = options;
  const time = createVirtualTime();
  const encoding = encodingOf("f32");
  const perFragment = options.valuesPerFragment ?? valuesPerFragment(encoding.bytesPerValue);
  // A reliable channel loses nothing, it only takes longer.
  const isReliable = options.averaging === "reliable";
  const weather = { ...fairWeather, ...options.weather, ...(isReliable && { loss: 0 }) };
  const network = createSimulatedNetwork({ time, seed: mix(seed, firstRound), weatherOf: () => weather });
  const members = Array.from({ length: peers }, (_, index) => `peer-${index}`);
  const results = new Map<string, RoundResult>();
  const all = members.map((peerId, index) => {
    const rule = createRule(options.averaging, perFragment);
    const machine = createRoundMachine({
      peerId,
      seed,
      valueCount,
      encoding,
      ...roundOptionsOf(rule),
      parity: options.parity ?? 0,
      rng: createRng(mix(seed, firstRound, index)),
      patience: boundlessPatience(patienceMs),
      valuesPerFragment: perFragment,
    });
    network.add({ peerId, machine, onResult: (result) => results.set(peerId, result) });
    return { peerId, machine, rule };
  });
  const machines = all.map(({ machine }) => machine);
  for (const machine of machines) machine.install({ epoch: 1, fromRound: firstRound, members });

  return {
    round(round, before, after) {
      results.clear();
      for (const machine of machines) machine.expect(round);
      for (const [index, { peerId, machine, rule }] of all.entries()) {
        const [old, own] = [before[index] ?? new Float32Array(), after[index] ?? new Float32Array()];
        const { outgoing, kept } = offerOf(rule, machine.turnOf(round), old, own);
        network.begin(peerId, round, outgoing, false, kept);
      }
      time.runUntil(() => results.size === peers);
      return all.map(({ peerId, rule }, index) => {
        const result = results.get(peerId);
        if (!result) throw new Error(`round ${round}: ${peerId} did not finish`);
        return rule.incoming(before[index] ?? new Float32Array(), result.values, result.averaged);
      });
    },
    account() {
      // What is still on its way arrives, else it would count as late.
      time.runUntil(() => false);
      return accountOf(machines, members);
    },
  };
}

function accountOf(
  machines: readonly RoundMachine[],
  members: readonly string[],
): { awaited: number; dropped: number } {
  let [awaited, dropped] = [0, 0];
  for (const machine of machines) {
    machine.conclude();
    for (const member of members) {
      const counts = machine.counts(member);
      if (!counts) continue;
      const { lost, late, unsent, rejected } = counts.drops;
      const missing = lost + late + unsent + rejected;
      dropped += missing;
      awaited += counts.received + missing;
    }
  }
  return { awaited, dropped };
}
