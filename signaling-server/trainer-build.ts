/**
 * Bundles a tab's training worker: one small script, and a chunk for each backend that is loaded when the
 * backend is asked for. tfjs's wasm binaries are copied beside them: pages load nothing from other hosts.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Metafile } from "esbuild";

/** kB gzip. */
export interface TrainerWeight {
  /** Script that is loaded before a backend is chosen. */
  readonly start: number;
  /** Script and binary that WebAssembly adds: what most devices load. */
  readonly wasm: number;
}

/** What kernel-build.ts made. */
const compiled = fileURLToPath(new URL("../shared/training/", import.meta.url));
const kernelFiles = ["kernels.wasm", "kernels-shared.wasm"];

/** The third one of tfjs needs threads, which training does not use. */
const wasmFiles = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"];

export async function buildTrainer(root: string, target: string): Promise<TrainerWeight> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["peer-browser/trainer/trainer-worker.ts"],
    outdir: target,
    chunkNames: "trainer/[name]-[hash]",
    splitting: true,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: "esm",
    target: "es2022",
    metafile: true,
    legalComments: "linked",
    logLevel: "warning",
  });
  removeOld(join(target, "trainer"), Object.keys(metafile.outputs));
  const binaries = copyBinaries(target);
  const start = withImports(metafile, outputOf(metafile, "/trainer-worker.js"));
  const wasm = [...withImports(metafile, outputOf(metafile, "/wasm-backend-"))].filter(
    (it) => !start.has(it),
  );
  const weigh = (paths: Iterable<string>) =>
    [...paths].reduce((sum, path) => sum + gzipSync(readFileSync(join(root, path))).byteLength / 1_000, 0);
  return { start: weigh(start), wasm: weigh(wasm) + binaries };
}

/** A chunk's name changes with its content, so the last build's would stay for ever. */
function removeOld(chunks: string, made: readonly string[]): void {
  const names = new Set(made.map((path) => basename(path)));
  const isOurs = (file: string) => names.has(file.replace(/\.gz$/, ""));
  for (const file of readdirSync(chunks)) if (!isOurs(file)) rmSync(join(chunks, file));
}

/** Returns the weight of the heavier one of tfjs and of our kernels. */
function copyBinaries(target: string): number {
  const from = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  mkdirSync(join(target, "tfjs"), { recursive: true });
  for (const file of kernelFiles) copyFileSync(join(compiled, file), join(target, "tfjs", file));
  const kernels = gzipSync(readFileSync(join(compiled, "kernels.wasm"))).byteLength / 1_000;
  const heaviest = Math.max(
    ...wasmFiles.map((file) => {
      copyFileSync(join(from, file), join(target, "tfjs", file));
      return gzipSync(readFileSync(join(from, file))).byteLength / 1_000;
    }),
  );
  return heaviest + kernels;
}

function outputOf({ outputs }: Metafile, part: string): string {
  const path = Object.keys(outputs).find((it) => it.includes(part) && it.endsWith(".js"));
  if (path === undefined) throw new Error(`the trainer's bundle has no ${part}`);
  return path;
}

/** The output and what it imports before it runs. */
function withImports({ outputs }: Metafile, path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { kind, path: next } of outputs[path]?.imports ?? []) {
    if (kind === "import-statement") withImports({ inputs: {}, outputs }, next, found);
  }
  return found;
}
