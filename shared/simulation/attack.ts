/** A training in which some members lie: round machines and packets as in a real run, the small learner on glyphs. */
import type { RobustSetting } from "../core/robust-setting.ts";
import { createRng, mix } from "../core/rng.ts";
import { pixelsPerImage } from "../training/data/data-set.ts";
import { createGlyphs } from "../training/data/glyphs.ts";
import { mean } from "./figures.ts";
import { createGroup } from "./group.ts";
import { tamper } from "./liars.ts";
import type { Lie } from "./liars.ts";
import { createToyLearner } from "./toy-learner.ts";

export interface AttackOptions {
  readonly peers: number;
  readonly rounds: number;
  /** Absent: the mean, which trusts everybody. */
  readonly robust?: RobustSetting;
  /** The last so many members lie. */
  readonly liars?: number;
  readonly lie?: Lie;
  /** Share of packets that the network loses. */
  readonly loss: number;
  /** The first so many members learn from ten times as many samples a round as all others. */
  readonly fast?: number;
  readonly seed: number;
}

export interface AttackResult {
  /** Validation accuracy of the honest: mean and least. */
  readonly accuracy: number;
  readonly worst: number;
  /** Honest members that muted a liar, and that muted an honest one. */
  readonly muted: number;
  readonly mutedHonest: number;
}

const samplesPerRound = 32;
const fastFactor = 10;
const valuesPerFragment = 64;
const learningRate = 0.3;
/** Towards the end: what is compared are models that are done. */
const rateAt = (round: number, rounds: number) =>
  learningRate * (round < 0.6 * rounds ? 1 : round < 0.85 * rounds ? 0.3 : 0.1);
/** How old a stale replica is. */
const staleRounds = 20;

export function attack(options: AttackOptions): AttackResult {
  const { peers, rounds, robust, liars = 0, lie, fast = 0, seed } = options;
  const glyphs = Array.from({ length: peers }, (_, shard) =>
    createGlyphs({ samplesPerShard: 256, validationSamples: shard === 0 ? 1_000 : 1, seed, shard }),
  );
  const [first] = glyphs;
  if (!first) throw new Error("an attack needs peers");
  const learner = createToyLearner(pixelsPerImage(first.shape));
  const initial = learner.initial(createRng(mix(seed, 1)));
  let replicas = glyphs.map(() => initial);
  let learned: readonly Float32Array[] = [];
  const past: Float32Array[][] = [];
  const samplesOf = (peer: number) => samplesPerRound * (peer < fast ? fastFactor : 1);
  const isLiar = (peer: number) => peer >= peers - liars;
  const liarRng = createRng(mix(seed, 0x6c6965));
  const group = createGroup({
    members: peers,
    seed,
    valueCount: learner.parameterCount,
    valuesPerFragment,
    weather: { loss: options.loss },
    ...(robust && { robust }),
    onSend(from, _to, bytes) {
      const peer = group.ids.indexOf(from);
      if (lie === undefined || !isLiar(peer)) return;
      tamper(lie, bytes, {
        before: replicas[peer] ?? initial,
        learned: learned[peer] ?? initial,
        old: past[0]?.[peer] ?? initial,
        members: peers,
        fragments: Math.ceil(learner.parameterCount / valuesPerFragment),
        valuesPerFragment,
        rng: liarRng,
      });
    },
  });
  const seats = [...glyphs.keys()];
  const rngs = seats.map((peer) => createRng(mix(seed, 5, peer)));
  for (let round = 0; round < rounds; round++) {
    past.push(replicas);
    if (past.length > staleRounds) past.shift();
    learned = seats.map((peer) => {
      const set = glyphs[peer] ?? first;
      const rng = rngs[peer] ?? liarRng;
      return learner.train(replicas[peer] ?? initial, set.train, samplesOf(peer), rateAt(round, rounds), rng)
        .parameters;
    });
    for (const machine of group.machines) machine.expect(round);
    for (const peer of seats) group.learned(peer, round, replicas[peer] ?? initial, learned[peer] ?? initial);
    const results = group.finished(seats);
    replicas = results.map(
      ({ values, averaged }, peer) =>
        group.rules[peer]?.incoming(replicas[peer] ?? initial, values, averaged) ?? values,
    );
  }
  const accuracies = seats
    .filter((peer) => !isLiar(peer))
    .map((peer) => learner.accuracy(replicas[peer] ?? initial, first.validation));
  const muting = (of: (peer: number) => boolean) =>
    seats.filter((peer) => !isLiar(peer) && seats.some((other) => of(other) && hasMuted(peer, other))).length;
  function hasMuted(peer: number, other: number): boolean {
    return group.machines[peer]?.counts(group.ids[other] ?? "")?.conduct.reason !== undefined;
  }
  return {
    accuracy: mean(accuracies),
    worst: Math.min(...accuracies),
    muted: muting(isLiar),
    mutedHonest: muting((peer) => !isLiar(peer)),
  };
}
