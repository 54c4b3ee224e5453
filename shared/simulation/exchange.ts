/**
 * The averaging alone, among replicas that all begin a round at the same moment: the round machine and the
 * rule of a real run, over paths that lose and do nothing else. What the learning is made of is the caller's.
 */
import { boundlessPatience } from "../core/patience.ts";
import type { FlatArray } from "../core/averaging/rule.ts";
import { createRng, mix } from "../core/rng.ts";
import type { RoundMachine } from "../core/round.ts";
import type { AveragingName } from "../core/task.ts";
import { createGroup } from "./group.ts";
import { createOutages } from "./outages.ts";
import type { Outages } from "./outages.ts";
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
  /** None, if it is not there. */
  readonly outages?: Outages | undefined;
  /** The first round that will come; another first round, other losses. */
  readonly firstRound?: number;
  /** Smaller fragments, for tests and for vectors of a few values. */
  readonly valuesPerFragment?: number;
  /** Of an exchange that ended at `firstRound`: its rules go on, as if one view held for both. */
  readonly memory?: readonly FlatArray[];
}

export interface Exchange {
  /**
   * One round, the next one after the last: what each peer had before its local steps and has after them.
   * @returns the next replica of each peer
   */
  round(round: number, before: readonly Float32Array[], after: readonly Float32Array[]): Float32Array[];
  /** The end: fragments that were to arrive since the start, and those that did not. */
  account(): { readonly awaited: number; readonly dropped: number };
  /** After the end: all that the rules remember, peer by peer; nothing where they remember nothing. */
  memory(): readonly FlatArray[];
}

/** In virtual time, which costs nothing: nobody is ever given up. */
const patienceMs = 600_000;
/** Beside the machines' own. */
const outageStream = 0x6f7574;

export function createExchange(all: ExchangeOptions): Exchange {
  const { peers, weather, outages, memory = [], ...options } = all;
  // A reliable channel loses nothing, it only takes longer.
  const isReliable = options.averaging === "reliable";
  const rng = createRng(mix(options.seed, options.firstRound ?? 0, outageStream));
  const absent = outages && createOutages(outages, peers, rng);
  const group = createGroup({
    ...options,
    members: peers,
    isCutOff: (peerId) => absent?.isDown(group.ids.indexOf(peerId)) ?? false,
    weather: { ...weather, ...(isReliable && { loss: 0 }) },
    patience: boundlessPatience(patienceMs),
  });
  const { machines, rules } = group;
  const seats = machines.map((_, seat) => seat);
  for (const seat of seats) {
    const view = machines[seat]?.viewFor(options.firstRound ?? 0);
    const own = memory.slice((seat * memory.length) / peers, ((seat + 1) * memory.length) / peers);
    if (view && own.length > 0) rules[seat]?.memory?.restore(view, own);
  }
  const at = (replicas: readonly Float32Array[], seat: number) => replicas[seat] ?? new Float32Array();

  return {
    round(round, before, after) {
      for (const machine of machines) machine.expect(round);
      for (const seat of seats) group.learned(seat, round, at(before, seat), at(after, seat));
      const results = group.finished(seats);
      absent?.advance();
      return results.map(
        ({ values, averaged }, seat) => rules[seat]?.incoming(at(before, seat), values, averaged) ?? values,
      );
    },
    account() {
      // What is still on its way arrives, else it would count as late.
      group.drain();
      return accountOf(machines, group.ids);
    },
    memory: () =>
      seats.flatMap((seat) => {
        const view = machines[seat]?.viewFor(options.firstRound ?? 0);
        return view ? (rules[seat]?.memory?.of(view) ?? []) : [];
      }),
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
