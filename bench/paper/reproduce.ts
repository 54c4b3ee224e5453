/**
 * The paper's figures. Each training is a process, several at a time; all of them are kept in the work folder,
 * so that nothing is ever run twice, and what was interrupted goes on.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { oneOf, text, wholeNumber } from "../../peer-node/cli-options.ts";
import { usageError } from "../../peer-node/exit-codes.ts";
import { duration } from "../../peer-node/format.ts";
import { readOptions } from "../options.ts";
import { figures } from "./figures/all.ts";
import type { Figure, FigureContext, Size } from "./figures/figure.ts";
import { keepIn } from "./keep.ts";
import { defaultFolder, defaultFolderWords } from "./out-folder.ts";
import { runAll } from "./pool.ts";

const published = "compressed";
const names = Object.keys(figures).join(", ");
const { values, positionals } = readOptions({
  what: `makes figures of the paper (${names}), by name and separated by commas`,
  argument: "FIGURE,…",
  options: {
    size: oneOf(["compressed", "full", "test"], `how much of the paper's schedule (default: ${published})`),
    backend: oneOf(["wasm", "webgpu", "tensorflow"], "what trainings compute on (default: wasm)"),
    jobs: wholeNumber("K", "trainings at a time (default: one for each processor)", { min: 1, max: 256 }),
    "data-dir": text("DIR", "where the data sets are (default: SHOAL_DATA)"),
    out: text("DIR", `for figures and plots (${defaultFolderWords(published)})`),
    work: text("DIR", "for trainings, finished and interrupted (default: .reproduce)"),
  },
});
const {
  size = published,
  backend = "wasm",
  jobs = availableParallelism(),
  "data-dir": dataDir = process.env["SHOAL_DATA"],
  out = defaultFolder(size, published),
  work = ".reproduce",
} = values;
const [argument] = positionals;
if (argument === undefined) throw usageError(`FIGURE: say which, there are ${names}`);
const chosen = argument.split(",").map((name) => {
  const figure = Object.entries(figures).find(([known]) => known === name)?.[1];
  if (!figure) throw usageError(`FIGURE (${name}): there are ${names}`);
  return [name, figure] as const;
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const begunMs = performance.now();

function contextOf(which: Size): FigureContext {
  const { signal } = stop;
  const say = (line: string) => console.log(`${duration(performance.now() - begunMs)} ${line}`);
  const train: FigureContext["train"] = (specs) => {
    const onBackend = backend === "wasm" ? specs : specs.map((spec) => ({ ...spec, backend }));
    return runAll(onBackend, { jobs, folder: work, dataDir, signal, say });
  };
  return { size: which, signal, say, train, keep: keepIn(work) };
}

async function make(name: string, figure: Figure, which: Size): Promise<void> {
  const context = contextOf(which);
  const startMs = performance.now();
  context.say(figure.title);
  const { figures: made, plots } = await figure.make(context);
  const machine = `${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
  const sized = which === published ? "" : ` --size ${which}`;
  const command = `reproduce.js ${name}${sized}${backend === "wasm" ? "" : ` --backend ${backend}`}`;
  // Of this start: what was kept of earlier ones took no time.
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  const kept = { figure: figure.title, size: which, command, seconds, machine, ...made };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(kept)}\n`);
  for (const [plot, svg] of Object.entries(plots)) writeFileSync(join(out, `${plot}.svg`), svg);
  const written = [`${name}.json`, ...Object.keys(plots).map((plot) => `${plot}.svg`)];
  context.say(`written: ${written.map((file) => join(out, file)).join(", ")}`);
}

try {
  for (const [name, figure] of chosen) await make(name, figure, size);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log("interrupted; what is done is kept, and the same command goes on from there");
  process.exitCode = 130;
}
