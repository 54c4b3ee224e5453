/**
 * What parity costs to compute: `node dist/bench/parity.js`. MB/s of averages, for one group of 16 packets of
 * 1,120 bytes at 25 % (4 parity packets): to make the parity, and to undo the loss of 1, 2 and 4 packets.
 */
import { parityOf, recover } from "../shared/core/parity/erasure-code.ts";
import type { ParityTables } from "../shared/core/parity/erasure-code.ts";
import { maxGroupFragments } from "../shared/core/parity/groups.ts";
import { createRng } from "../shared/core/rng.ts";

const dataRows = maxGroupFragments;
const length = 1_120;
const overhead = 0.25;
const groupsPerPass = 10;

const rng = createRng(1);
const data = Uint8Array.from({ length: dataRows * length }, () => rng.below(256));
const tables: ParityTables = new Map();
const make = () => parityOf(dataRows * overhead, data, dataRows, length, tables);
const rows = [...make().entries()];

/** The best of 200 short passes, so that a busy machine does not matter. */
function megabytesPerSecond(run: () => void): string {
  let bestMs = Infinity;
  for (let pass = 0; pass < 200; pass++) {
    const startMs = performance.now();
    for (let i = 0; i < groupsPerPass; i++) run();
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return `${((groupsPerPass * data.length) / bestMs / 1000).toFixed(0)} MB/s`;
}

console.log(`make    ${megabytesPerSecond(make)}`);
for (const lost of [1, 2, 4]) {
  const missing = Array.from({ length: lost }, (_, at) => 3 * at + 1);
  const undo = () => recover(data, dataRows, length, missing, rows);
  console.log(`undo ${lost}  ${megabytesPerSecond(undo)}`);
}
