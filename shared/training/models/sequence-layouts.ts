/** Parameters of the models that read words or characters, in the order of the flat vector. */
import type { ModelSpec } from "../../core/task.ts";
import type { TaggedDescription, TextDescription } from "../data/describe.ts";
import type { ParameterSpec } from "./model.ts";
import { denseParameters, one, spread, trained, uniform, zero } from "./starts.ts";

type Spec<Kind extends ModelSpec["kind"]> = Extract<ModelSpec, { readonly kind: Kind }>;

/**
 * Two LSTMs, one for each direction, of `hidden` units each. Weights start within ±1/√hidden, as PyTorch's
 * do, and the forget gates open (Jozefowicz et al. 2015, https://proceedings.mlr.press/v37/jozefowicz15).
 */
export function lstmParameters(spec: Spec<"lstm">, input: TaggedDescription): ParameterSpec[] {
  const { embedding, hidden } = spec;
  const start = uniform(1 / Math.sqrt(hidden));
  const direction = (name: string) => [
    trained(`${name}.input`, [embedding, 4 * hidden], start),
    trained(`${name}.recurrent`, [hidden, 4 * hidden], start),
    trained(`${name}.bias`, [4 * hidden], { kind: "gates" }),
  ];
  const output = (name: string, outputs: number) => [
    trained(`${name}.forward`, [hidden, outputs], start),
    trained(`${name}.backward`, [hidden, outputs], start),
    trained(`${name}.bias`, [outputs], zero),
  ];
  return [
    trained("embedding", [input.words, embedding], uniform(0.25)),
    ...direction("forward"),
    ...direction("backward"),
    ...output("tags", input.classes),
    ...output("intents", input.intents),
  ];
}

/** The deviation of GPT-2's weights. */
const deviation = 0.02;

/**
 * GPT-2's layers and starting values (Radford et al. 2019; code: https://github.com/karpathy/nanoGPT):
 * what ends a residual branch starts smaller by √(2 · layers).
 */
export function transformerParameters(spec: Spec<"transformer">, input: TextDescription): ParameterSpec[] {
  const { layers, width } = spec;
  const usual = spread(deviation);
  const branchEnd = spread(deviation / Math.sqrt(2 * layers));
  const norm = (name: string) => [
    trained(`${name}.scale`, [width], one),
    trained(`${name}.offset`, [width], zero),
  ];
  const layer = (name: string) => [
    ...norm(`${name}.attention.norm`),
    ...denseParameters(`${name}.attention.input`, width, 3 * width, usual),
    ...denseParameters(`${name}.attention.output`, width, width, branchEnd),
    ...norm(`${name}.forward.norm`),
    ...denseParameters(`${name}.forward.input`, width, 4 * width, usual),
    ...denseParameters(`${name}.forward.output`, 4 * width, width, branchEnd),
  ];
  return [
    trained("characters", [input.classes, width], usual),
    trained("places", [input.context, width], usual),
    ...Array.from({ length: layers }, (_, index) => layer(`layer${index}`)).flat(),
    ...norm("norm"),
    ...denseParameters("output", width, input.classes, usual),
  ];
}
