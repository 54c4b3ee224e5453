/** Text and tables of the size that is promised, in a thread whose lists and strings may take little. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { loadData } from "../../shared/training/data/load-data.ts";
import { specOf } from "./tiny-files.ts";

const bytesOf = { text: 24 * 1024 * 1024, csv: 8 * 1024 * 1024 };
/** Lists of all characters, or of all fields, would take several times as much. */
const resourceLimits = { maxOldGenerationSizeMb: 48 };

const specs = {
  text: specOf({ kind: "text", file: "a", shards: 1, seed: 1, characters: 2 }),
  csv: specOf({ kind: "csv", file: "a", label: "y", columns: 1, classes: ["a", "b"], shards: 1, seed: 1 }),
};

function content(kind: keyof typeof specs): Uint8Array {
  const bytes = Buffer.alloc(bytesOf[kind], kind === "csv" ? "1,a\n2,b\n" : "ab");
  if (kind === "csv") bytes.write("x,y\n");
  return bytes;
}

async function load(kind: keyof typeof specs): Promise<number> {
  const bytes = content(kind);
  const source: DataSource = {
    place: "memory",
    read: async () => bytes,
    size: async () => bytes.length,
    list: async () => [],
    gather: async () => new Uint8Array(),
  };
  return (await loadData(specs[kind], { shard: 0, source })).train.count;
}

// Without a second argument it would be taken for a window's.
if (!isMainThread) parentPort?.postMessage(await load(workerData), []);
else {
  const expected = {
    text: Math.floor(0.9 * bytesOf.text) - 64,
    csv: bytesOf.csv / 4 - 1 - 500,
  };
  for (const kind of ["text", "csv"] as const)
    test(`${bytesOf[kind] / 1024 / 1024} MB of ${kind} become no lists of characters or fields`, async () => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: kind, resourceLimits });
      const [count] = await once(worker, "message");
      assert.equal(count, expected[kind]);
      await worker.terminate();
    });
}
