/**
 * Bundles the pages and a tab's workers into dist/web; `npm run build` runs it after tsc. Prints what each
 * page loads (gzip), and writes it down for the test that holds it against its budget: an install has to work
 * though some zlib packs a hundred bytes worse.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { bundling } from "./bundling.ts";
import { buildTrainer } from "./trainer-build.ts";

// Run from dist/signaling-server; esbuild reads the sources, not what tsc made of them.
const root = fileURLToPath(new URL("../../", import.meta.url));
const target = join(root, "dist/web");

interface Bundle {
  /** dist/web/NAME.js, and NAME.css if it has style sheets. */
  readonly name: string;
  /** Modules and style sheets, from the root. */
  readonly sources: readonly string[];
  /** Most that it may weigh, kB gzip of script. */
  readonly budget: number;
}

const bundles: readonly Bundle[] = [
  {
    name: "page",
    sources: [
      "uplot/dist/uPlot.min.css",
      "./shared/page/base.css",
      "./signaling-server/page/style.css",
      "./signaling-server/page/page.ts",
    ],
    budget: 120,
  },
  {
    name: "join",
    sources: ["./shared/page/base.css", "./peer-browser/page/join.css", "./peer-browser/page/join.ts"],
    budget: 60,
  },
  { name: "peer-worker", sources: ["./peer-browser/worker/peer-worker.ts"], budget: 80 },
  // Loaded by either page when somebody wants to try the model.
  { name: "try", sources: ["./peer-browser/try/try.css", "./peer-browser/try/try.ts"], budget: 15 },
  { name: "try-worker", sources: ["./peer-browser/try/try-worker.ts"], budget: 150 },
];

/** What the join page loads, besides the trainer's worker. */
const joinScripts = ["join", "peer-worker"];

/** Copied as they are. */
const files = [
  "signaling-server/page/index.html",
  "signaling-server/page/icon.svg",
  "peer-browser/page/join.html",
];

/** A bundle that a page imports while it runs has exports. */
function importing(path: string): string {
  return path.endsWith(".css") ? `import "${path}";` : `export * from "${path}";`;
}

async function bundle({ name, sources }: Bundle): Promise<void> {
  await build({
    stdin: { contents: sources.map(importing).join("\n"), resolveDir: root },
    outfile: join(target, `${name}.js`),
    ...bundling,
    minify: true,
    sourcemap: true,
    legalComments: "linked",
  });
}

/** kB gzip. */
function weightOf(name: string): number {
  return gzipSync(readFileSync(join(target, `${name}.js`))).byteLength / 1_000;
}

/** kB gzip. */
const weights: { readonly what: string; readonly weight: number; readonly budget: number }[] = [];

function note(what: string, weight: number, budget: number): void {
  console.log(`${what}: ${weight.toFixed(1)} kB gzip of ${budget} kB`);
  weights.push({ what, weight, budget });
}

mkdirSync(target, { recursive: true });
for (const each of bundles) {
  await bundle(each);
  note(`dist/web/${each.name}.js`, weightOf(each.name), each.budget);
}
const trainer = await buildTrainer(root, target);
const joinPage = bundles
  .filter(({ name }) => joinScripts.includes(name))
  .reduce((sum, { name }) => sum + weightOf(name), 0);
note("the join page before a backend is chosen", joinPage + trainer.start, 250);
note("the join page with WebAssembly", joinPage + trainer.start + trainer.wasm, 900);
writeFileSync(join(root, "dist/web-weights.json"), JSON.stringify(weights));
for (const file of files) cpSync(join(root, file), join(target, file.split("/").at(-1) ?? file));

// Made once, so that the server need not compress (static-files.ts).
for (const file of readdirSync(target, { recursive: true, encoding: "utf8" })) {
  if (!/\.(?:js|css|html|svg|wasm|map)$/.test(file)) continue;
  writeFileSync(join(target, `${file}.gz`), gzipSync(readFileSync(join(target, file)), { level: 9 }));
}
