/** Measurements that take minutes and are no trainings of the pool: in the work folder, so that none is made twice. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type * as v from "valibot";
import { readKept, writeKept } from "./kept-file.ts";
import { programVersion } from "./run-spec.ts";

export interface Measurement<Kept extends object> {
  /** Begins the file's name. */
  readonly name: string;
  /** Everything that it depends on. */
  readonly of: object;
  readonly schema: v.GenericSchema<unknown, Kept>;
  make(): Promise<Kept>;
}

/** Made once, and read from then on. */
export type Keep = <Kept extends object>(measurement: Measurement<Kept>) => Promise<Kept>;

export function keepIn(folder: string): Keep {
  return async ({ name, of, schema, make }) => {
    const hash = createHash("sha256").update(JSON.stringify({ programVersion, of })).digest("hex");
    const file = join(folder, `${name}-${hash.slice(0, 8)}.json`);
    const known = readKept(file, schema);
    if (known) return known;
    const made = await make();
    mkdirSync(folder, { recursive: true });
    writeKept(file, made);
    return made;
  };
}
