/**
 * Figures 6 and 7 of the paper, a web service beside learning, packet by packet. Finished runs are kept beside
 * the results, so that a study that was stopped goes on; the same command writes the same files to the last bit.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { number, oneOf, text, wholeNumber } from "../../../peer-node/cli-options.ts";
import { readOptions } from "../../options.ts";
import { defaultFolder, defaultFolderWords } from "../out-folder.ts";
import type { Lookup } from "./curves.ts";
import { roundMs } from "./network/run.ts";
import type { Scenario } from "./network/run.ts";
import { extraLoadPlot, speedUpPlot, variantPlot } from "./plots.ts";
import { openPointStore } from "./point-store.ts";
import { extraLoadResult, speedUpResult, variantResults } from "./results.ts";
import { runPoints } from "./run-points.ts";
import { planStudy, scenariosOf, sizes } from "./study.ts";
import { extraLoadTable, speedUpTable, variantTable } from "./tables.ts";

const published = "full";
const { values } = readOptions({
  what: "Figures 6 and 7 of the paper: a web service beside learning, packet by packet",
  options: {
    size: oneOf(sizes, `how many runs (default: ${published})`),
    seconds: number("S", "that each run is measured, in whole rounds of learning", { min: 0, max: 3_600 }),
    jobs: wholeNumber("K", "runs at a time (default: 1)", { min: 1, max: 256 }),
    out: text("DIR", `where results are kept (${defaultFolderWords(published)})`),
  },
});
const { size = published, seconds, jobs = 1 } = values;
// Of another length they are not what is published.
const { out = defaultFolder(seconds === undefined ? size : `${size}-${seconds}-seconds`, published) } =
  values;

const roundsOf = (base: Scenario) =>
  seconds === undefined ? base.rounds : Math.max(1, Math.round((1000 * seconds) / roundMs(base)));
const study = planStudy(size, roundsOf);
const scenarios = scenariosOf(study);
mkdirSync(out, { recursive: true });
const store = openPointStore(join(out, `web-service-${size}.points.json`));

/** What a run takes, roughly, in units of learning's share of the packets. */
const cost = ({ messagesPerSecond, rounds }: Scenario) => (1 + messagesPerSecond / 2_000) * (rounds + 1);
const costOf = (some: readonly Scenario[]) => some.reduce((sum, scenario) => sum + cost(scenario), 0);

async function runMissing(): Promise<void> {
  const missing = scenarios.filter((scenario) => !store.get(scenario));
  console.log(`${scenarios.length} runs, ${missing.length} of them to do`);
  const startMs = performance.now();
  const total = costOf(missing);
  let done = 0;
  let count = 0;
  await runPoints(missing, jobs, (scenario, figures) => {
    store.put(scenario, figures);
    done += cost(scenario);
    count++;
    const left = ((performance.now() - startMs) * (total - done)) / done / 60_000;
    const { kind } = scenario.discipline;
    const what = `${scenario.messagesPerSecond} messages/s, ${scenario.transport.kind}, ${kind}`;
    const found = `${figures.meanMs.toFixed(2)} ms, ${(100 * figures.learningLoss).toFixed(1)} % lost`;
    console.log(`${count}/${missing.length}  ${what}: ${found}; ${left.toFixed(1)} minutes left`);
  });
}

function save(name: string, content: string): void {
  const path = join(out, name);
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}

function saveJson(name: string, result: object): void {
  const scenario = study.speedUp[0]?.bySeed[0]?.alike;
  save(name, `${JSON.stringify({ size, scenario, ...result }, null, 1)}\n`);
}

const look: Lookup = (scenario) => {
  const figures = store.get(scenario);
  if (!figures) throw new Error(`no figures for ${JSON.stringify(scenario)}`);
  return figures;
};

await runMissing();
const speedUp = speedUpResult(study, look);
const extraLoad = extraLoadResult(study, look);
const variants = variantResults(study, look);
saveJson("fig6-web-speedup.json", { curves: speedUp });
save("fig6-web-speedup.svg", speedUpPlot(speedUp));
saveJson("fig7-web-load.json", { targets: extraLoad });
save("fig7-web-load.svg", extraLoadPlot(extraLoad));
saveJson("web-sensitivity.json", { variants });
for (const group of ["queue", "transport", "bursts", "mechanism"] as const) {
  save(`web-sensitivity-${group}.svg`, variantPlot(group, variants, 5_000));
}
console.log(`\nFigure 6: speed-up of the mean completion time\n${speedUpTable(speedUp)}`);
console.log(`\nFigure 7: extra web load\n${extraLoadTable(extraLoad)}`);
console.log(`\nSpeed-up at 10 % (no priority: mean, loss)\n${variantTable(variants)}`);
console.log(`\nwritten to ${out}`);
