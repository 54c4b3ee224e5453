/**
 * What loss costs each rule that works on models, in the simulator. Full round machines and packets, the small learner on glyphs,
 * 16 samples a round, two decays. Loss on all training images, of the mean of the replicas: on shards that
 * are alike (iid) and on shards of one or two classes (sorted).
 */
import { number, wholeNumber } from "../peer-node/cli-options.ts";
import type { AveragingName } from "../shared/core/task.ts";
import { createRng, mix } from "../shared/core/rng.ts";
import { relativeSpread } from "../shared/simulation/figures.ts";
import { createGroup } from "../shared/simulation/group.ts";
import { createToyLearner } from "../shared/simulation/toy-learner.ts";
import { pixelsPerImage } from "../shared/training/data/data-set.ts";
import type { ImageSet } from "../shared/training/data/data-set.ts";
import { createGlyphs } from "../shared/training/data/glyphs.ts";
import { readOptions } from "./options.ts";

const { values: options } = readOptions({
  what: "what does loss cost each rule that works on models, in the simulator?",
  options: {
    seeds: wholeNumber("N", "runs of each (default: 3)", { min: 1, max: 1_000 }),
    rounds: wholeNumber("N", "how long (default: 400)", { min: 1, max: 1_000_000 }),
    peers: wholeNumber("N", "how many (default: 8)", { min: 2, max: 64 }),
    rate: number("R", "learning rate (default: 0.3)", { min: 0, max: 100 }),
  },
});
const { seeds = 3, rounds = 400, peers = 8, rate = 0.3 } = options;

interface Row {
  readonly averaging: AveragingName;
  readonly loss: number;
  readonly meanBurst: number;
  readonly parity: number;
}

const row = (averaging: AveragingName, loss: number, more: Partial<Row> = {}): Row => ({
  averaging,
  loss,
  meanBurst: 1,
  parity: 0,
  ...more,
});
const table: readonly Row[] = [
  row("rps", 0),
  row("rps", 0.1),
  row("rps", 0.1, { parity: 0.25 }),
  row("rps", 0.4),
  row("rps", 0.3, { meanBurst: 50 }),
  row("running-sums", 0),
  row("running-sums", 0.1),
  row("running-sums", 0.4),
  row("running-sums", 0.3, { meanBurst: 50 }),
];

const samplesPerShard = 512;
const glyphs = Array.from({ length: peers }, (_, shard) =>
  createGlyphs({ samplesPerShard, validationSamples: 1, seed: 1, shard }),
);
const alike = glyphs.map(({ train }) => train);
const pixels = glyphs[0] ? pixelsPerImage(glyphs[0].shape) : 0;
const learner = createToyLearner(pixels);

/** The same images, dealt out by class. */
function sorted(): ImageSet[] {
  const all = alike.flatMap((set) => [...set.labels].map((label, image) => ({ set, label, image })));
  const order = all.toSorted((a, b) => a.label - b.label);
  return alike.map((set, shard) => {
    const part = order.slice(shard * samplesPerShard, (shard + 1) * samplesPerShard);
    const images = new Uint8Array(part.length * pixels);
    for (const [at, { set: from, image }] of part.entries())
      images.set(from.pixels.subarray(image * pixels, (image + 1) * pixels), at * pixels);
    return { ...set, pixels: images, labels: Uint8Array.from(part, ({ label }) => label) };
  });
}

function lossOf(replica: Float32Array): number {
  let total = 0;
  for (const set of alike) {
    let image = 0;
    const inOrder = { ...createRng(0), below: (count: number) => image++ % count };
    total += learner.train(replica, set, samplesPerShard, 0, inOrder).loss / peers;
  }
  return total;
}

function rateAt(round: number): number {
  if (round < rounds * 0.6) return rate;
  return round < rounds * 0.85 ? 0.3 * rate : 0.1 * rate;
}

function figuresOf({ averaging, loss, meanBurst, parity }: Row, shards: readonly ImageSet[], seed: number) {
  const group = createGroup({
    members: peers,
    seed,
    valueCount: learner.parameterCount,
    valuesPerFragment: 64,
    averaging,
    parity,
    weather: { loss, meanBurst, delayMs: 1 },
  });
  const rngs = shards.map((_, peer) => createRng(mix(seed, 5, peer)));
  let replicas = shards.map(() => learner.initial(createRng(mix(seed, 1))));
  for (let round = 0; round < rounds; round++) {
    for (const [peer, images] of shards.entries()) {
      const before = replicas[peer] ?? new Float32Array(0);
      const { parameters } = learner.train(before, images, 16, rateAt(round), rngs[peer] ?? createRng(0));
      group.learned(peer, round, before, parameters);
    }
    replicas = group.finished([...shards.keys()]).map(({ values, averaged }, peer) => {
      const before = replicas[peer] ?? values;
      return group.rules[peer]?.incoming(before, values, averaged) ?? values;
    });
  }
  const mean = Float32Array.from(replicas[0] ?? [], (_, i) =>
    replicas.reduce((sum, replica) => sum + (replica[i] ?? 0) / peers, 0),
  );
  return { loss: lossOf(mean), spread: relativeSpread(replicas) };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

console.log("| rule | packets lost | iid: loss | apart | sorted: loss | apart |\n|---|---|---|---|---|---|");
for (const each of table) {
  const cells = [alike, sorted()].flatMap((shards) => {
    const runs = Array.from({ length: seeds }, (_, seed) => figuresOf(each, shards, seed + 1));
    const spread = average(runs.map((run) => run.spread));
    return [average(runs.map((run) => run.loss)).toFixed(4), spread.toExponential(0)];
  });
  const weather = `${100 * each.loss} %${each.meanBurst > 1 ? ` in bursts of ${each.meanBurst}` : ""}`;
  const rule = `\`${each.averaging}\`${each.parity > 0 ? ` + ${100 * each.parity} % parity` : ""}`;
  console.log(`| ${[rule, weather, ...cells].join(" | ")} |`);
}
