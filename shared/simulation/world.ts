/** What a simulated training consists of: peers with their machines, rules and data, joined by paths. */
import { createRule, roundOptionsOf } from "../core/averaging/rules.ts";
import type { AveragingRule } from "../core/averaging/rule.ts";
import { encodingOf } from "../core/encoding.ts";
import { createPace } from "../core/pace.ts";
import type { Pace } from "../core/pace.ts";
import { valuesPerFragment } from "../core/packet.ts";
import { reliablePatience } from "../core/patience.ts";
import type { RobustSetting } from "../core/robust-setting.ts";
import { createRng, mix } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";
import { createRoundMachine } from "../core/round.ts";
import type { RoundMachine, RoundResult } from "../core/round.ts";
import type { AveragingName } from "../core/task.ts";
import { pixelsPerImage } from "../training/data/data-set.ts";
import type { ImageSet } from "../training/data/data-set.ts";
import { createGlyphs } from "../training/data/glyphs.ts";
import { createSimulatedNetwork } from "./network.ts";
import type { SimulatedNetwork } from "./network.ts";
import { createToyLearner } from "./toy-learner.ts";
import type { ToyLearner } from "./toy-learner.ts";
import { createVirtualTime } from "./virtual-time.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { fairWeather } from "./weather.ts";
import type { Weather } from "./weather.ts";

export interface SimulationOptions {
  readonly peers: number;
  readonly rounds: number;
  readonly averaging?: AveragingName;
  readonly robust?: RobustSetting;
  /** See the task's `parity`. */
  readonly parity?: number;
  readonly weather?: Partial<Weather>;
  readonly seed?: number;
  /** The last so many peers compute `slowFactor` times slower. */
  readonly slowPeers?: number;
  readonly slowFactor?: number;
  /** Peers that vanish at a round, without a word. */
  readonly deaths?: readonly { readonly peer: number; readonly round: number }[];
  /** The dead are out of the view after so long; never, by default. */
  readonly noticeMs?: number;
  readonly samplesPerRound?: number;
  readonly onRow?: (row: SimulationRow) => void;
}

export interface SimulationRow {
  readonly round: number;
  /** Mean training loss of the peers in their last rounds. */
  readonly loss: number;
  /** Validation accuracy: mean and least of the peers. */
  readonly accuracy: number;
  readonly worstAccuracy: number;
  /** How far replicas are apart: rms distance from their mean, relative to the mean's length. */
  readonly spread: number;
  /** Virtual seconds since the start. */
  readonly seconds: number;
}

export interface SimulatedNode {
  readonly index: number;
  readonly id: string;
  readonly machine: RoundMachine;
  readonly rule: AveragingRule;
  readonly pace: Pace;
  readonly rng: Rng;
  readonly images: ImageSet;
  readonly slowness: number;
  replica: Float32Array;
  before: Float32Array;
  nextRound: number;
  lastWork: { trainMs: number; samples: number };
  loss: number;
  samples: number;
  finishedAt: number;
  isListening: boolean;
  isAlive: boolean;
}

export interface World {
  readonly options: SimulationOptions;
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly learner: ToyLearner;
  readonly nodes: SimulatedNode[];
  readonly roundMs: number[];
  readonly cycleMs: number[];
  /** Of the newest view. */
  epoch: number;
  worstDeadlineUse: number;
}

export function createWorld(
  options: SimulationOptions,
  seed: number,
  onResult: (world: World, node: SimulatedNode, result: RoundResult) => void,
): { world: World; validation: ImageSet } {
  const time = createVirtualTime();
  const shard = (index: number) =>
    createGlyphs({ samplesPerShard: 512, validationSamples: 500, seed, shard: index });
  const first = shard(0);
  const learner = createToyLearner(pixelsPerImage(first.shape));
  const weather = weatherFor(options);
  const world: World = {
    options,
    time,
    network: createSimulatedNetwork({ time, seed, weatherOf: () => weather }),
    learner,
    nodes: [],
    roundMs: [],
    cycleMs: [],
    epoch: 1,
    worstDeadlineUse: 0,
  };
  const initial = learner.initial(createRng(mix(seed, 1)));
  for (let index = 0; index < options.peers; index++) {
    const images = (index === 0 ? first : shard(index)).train;
    const node = createNode(world, index, seed, images, initial);
    world.nodes.push(node);
    const { id, machine } = node;
    world.network.add({ peerId: id, machine, onResult: (result) => onResult(world, node, result) });
  }
  const members = world.nodes.map((node) => node.id);
  for (const node of world.nodes) node.machine.install({ epoch: 1, fromRound: 0, members });
  return { world, validation: first.validation };
}

function createNode(
  { options, learner }: World,
  index: number,
  seed: number,
  images: ImageSet,
  initial: Float32Array,
): SimulatedNode {
  const rng = createRng(mix(seed, 2, index));
  const encoding = encodingOf("f32");
  const rule = createRule(
    options.averaging ?? "rps",
    valuesPerFragment(encoding.bytesPerValue),
    options.robust,
  );
  const id = `peer-${index}`;
  const machine = createRoundMachine({
    peerId: id,
    seed,
    valueCount: learner.parameterCount,
    encoding,
    ...roundOptionsOf(rule),
    parity: options.parity ?? 0,
    rng,
    ...(rule.channel === "reliable" ? { patience: reliablePatience(30_000) } : {}),
  });
  const isSlow = index >= options.peers - (options.slowPeers ?? 0);
  return {
    index,
    id,
    machine,
    rule,
    rng,
    pace: createPace({ samplesPerRound: options.samplesPerRound ?? 32 }),
    images,
    slowness: isSlow ? (options.slowFactor ?? 10) : 1,
    replica: initial.slice(),
    before: initial,
    nextRound: 0,
    lastWork: { trainMs: 0, samples: 0 },
    loss: NaN,
    samples: 0,
    finishedAt: 0,
    isListening: false,
    isAlive: true,
  };
}

/** A reliable channel loses nothing; what the network loses comes a retransmission later. */
function weatherFor({ weather: given, averaging }: SimulationOptions): Weather {
  const weather = { ...fairWeather, ...given };
  if (averaging !== "reliable") return weather;
  const retransmissions = weather.loss / (1 - weather.loss);
  return { ...weather, loss: 0, jitterMs: weather.jitterMs + 200 * retransmissions * 2 };
}
