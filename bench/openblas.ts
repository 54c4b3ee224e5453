/** The native yardstick of bench/compute.ts: bench/openblas-peak.c, built when the bench runs. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Openblas {
  /** GFLOP/s of one run on one thread: with everything the processor has, and restricted to SSE. */
  measure(): { readonly full: number; readonly sse: number };
  /** Deletes what was built. */
  remove(): void;
}

/** Null where there is no compiler or no OpenBLAS (apt-get install gcc libopenblas-dev). */
export function buildOpenblas(): Openblas | null {
  const source = sourceFile();
  if (source === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), "shoal-openblas-"));
  const program = join(folder, "peak");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync("gcc", ["-O2", source, "-o", program, "-lopenblas"], { stdio: "ignore" });
  } catch {
    remove();
    return null;
  }
  const run = (more: Readonly<Record<string, string>>) => {
    const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", ...more };
    return Number(execFileSync(program, ["1"], { env, encoding: "utf8" }).trim());
  };
  return { measure: () => ({ full: run({}), sse: run({ OPENBLAS_CORETYPE: "Nehalem" }) }), remove };
}

/** This file may run from dist/bench. */
function sourceFile(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [here, join(here, "../../bench")].map((folder) => join(folder, "openblas-peak.c"));
  return places.find((file) => existsSync(file));
}
