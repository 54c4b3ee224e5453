/**
 * The paper's figures: `node dist/bench/paper/reproduce.js FIGURE… --data-dir DIR [--size compressed|full|test]
 * [--jobs K] [--out docs/results/paper] [--work .reproduce]`. Each training is a process, K at a time; all of
 * them are kept in the work folder, so that nothing is ever run twice, and what was interrupted goes on.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { duration } from "../../peer-node/format.ts";
import { figures } from "./figures/all.ts";
import type { Figure, FigureContext, Size } from "./figures/figure.ts";
import { runAll } from "./pool.ts";

const { values, positionals } = parseArgs({
  options: {
    size: { type: "string", default: "compressed" },
    jobs: { type: "string", default: String(availableParallelism()) },
    "data-dir": { type: "string", ...(process.env["SHOAL_DATA"] ? { default: process.env["SHOAL_DATA"] } : {}) },
    out: { type: "string", default: "docs/results/paper" },
    work: { type: "string", default: ".reproduce" },
  },
  allowPositionals: true,
});
const size = (["test", "compressed", "full"] as const).find((known) => known === values.size);
if (!size) throw new Error(`--size (${values.size}): must be compressed, full or test`);
const chosen = positionals.map((name) => {
  const figure = figures[name];
  if (!figure) throw new Error(`${name}: no such figure, there are ${Object.keys(figures).join(", ")}`);
  return [name, figure] as const;
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const begunMs = performance.now();

function contextOf(which: Size): FigureContext {
  return {
    size: which,
    signal: stop.signal,
    say: (line) => console.log(`${duration(performance.now() - begunMs)} ${line}`),
    train(specs) {
      const { signal } = stop;
      const pool = { jobs: Number(values.jobs), folder: values.work, dataDir: values["data-dir"], signal };
      return runAll(specs, { ...pool, say: this.say });
    },
  };
}

async function make(name: string, figure: Figure, which: Size): Promise<void> {
  const context = contextOf(which);
  context.say(figure.title);
  const { figures: made, plots } = await figure.make(context);
  const machine = `${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
  const kept = { figure: figure.title, size: which, machine, ...Object(made) };
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, `${name}.json`), `${JSON.stringify(kept)}\n`);
  for (const [plot, svg] of Object.entries(plots)) writeFileSync(join(values.out, `${plot}.svg`), svg);
}

try {
  for (const [name, figure] of chosen) await make(name, figure, size);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.log("interrupted; what is done is kept, and the same command goes on from there");
  process.exitCode = 130;
}
