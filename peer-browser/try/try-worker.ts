/**
 * The model at work, off the page's thread. tfjs's plain CPU backend: one small image at a time needs no
 * more, and nothing else has to be loaded for it.
 */
import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { pixelsPerImage } from "../../shared/training/data/data-set.ts";
import type { ImageData } from "../../shared/training/data/data-set.ts";
import { describeData } from "../../shared/training/data/describe.ts";
import { loadExamples } from "../../shared/training/data/load-examples.ts";
import { readModelFile } from "../../shared/training/model-file.ts";
import { createPredictor } from "../../shared/training/predictor.ts";
import type { Predictor } from "../../shared/training/predictor.ts";
import { openPlace } from "../trainer/data-place.ts";
import type { Example, LoadedModel, TryAnswer, TryCalls, TryMethod, TryRequest } from "./try-messages.ts";

/** Enough to tell a trained model from one that somebody made up. */
const checkedImages = 100;
/** The first ones of the validation set, to show. */
const exampleImages = 500;

interface Loaded {
  readonly predictor: Predictor;
  readonly examples: ImageData;
  readonly labels: readonly string[];
}
let loaded: Loaded | undefined;

async function load(file: ArrayBuffer): Promise<LoadedModel> {
  if (!(await tf.setBackend("cpu"))) throw new Error(`tfjs-backend-cpu ${version_cpu} did not start`);
  const { task, parameters, round, accuracy } = readModelFile(new Uint8Array(file));
  const server = openPlace({ kind: "http", url: location.origin });
  const examples = await loadExamples(task.data, exampleImages, server);
  const description = describeData(task.data);
  if (!examples || description.kind !== "images")
    throw new Error(`models of ${task.data.kind} data can't be tried here yet`);
  const { shape, labels } = description;
  const predictor = createPredictor(task, parameters);
  const checked = await check(predictor, examples);
  loaded?.predictor.close();
  loaded = { predictor, examples, labels };
  return { round, accuracy, checked, kind: task.data.kind, shape, labels };
}

async function check(
  predictor: Predictor,
  { validation, shape }: ImageData,
): Promise<LoadedModel["checked"]> {
  const count = Math.min(checkedImages, validation.count);
  const rows = await predictor.predict(validation.pixels.subarray(0, count * pixelsPerImage(shape)));
  const right = rows.filter((row, image) => row.indexOf(Math.max(...row)) === validation.labels[image]);
  return { right: right.length, count };
}

async function predict(pixels: Uint8Array): Promise<Float32Array> {
  const { predictor, labels } = current();
  const rows = await predictor.predict(pixels);
  return Float32Array.from(
    labels,
    (_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length,
  );
}

async function example(): Promise<Example> {
  const { examples, labels } = current();
  const { validation, shape } = examples;
  const image = Math.floor(Math.random() * validation.count);
  const size = pixelsPerImage(shape);
  const pixels = validation.pixels.slice(image * size, (image + 1) * size);
  return { pixels, label: labels[validation.labels[image] ?? 0] ?? "" };
}

function current(): Loaded {
  if (!loaded) throw new Error("no model is loaded yet");
  return loaded;
}

async function serve(request: TryRequest): Promise<TryCalls[TryMethod]["output"]> {
  if (request.method === "load") return load(request.input);
  return request.method === "predict" ? predict(request.input) : example();
}

addEventListener("message", ({ data }: MessageEvent<TryRequest>) => {
  const { call } = data;
  const answer = (message: TryAnswer) => postMessage(message);
  serve(data).then(
    (output) => answer({ call, ok: true, output }),
    (error: unknown) =>
      answer({ call, ok: false, reason: error instanceof Error ? error.message : String(error) }),
  );
});
