/** Files that are rows of records of one length: where a sample is, and how to read some of them. */
import { everyRecord } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import type { Stretch } from "./shards.ts";

export interface RecordFiles {
  readonly source: DataSource;
  /** Samples are numbered through all of them. */
  readonly files: readonly string[];
  readonly perFile: number;
  /** Where the first record of each file begins. */
  readonly start: number;
  readonly recordBytes: number;
}

export interface RecordPlace {
  readonly file: string;
  /** Of the record's first byte. */
  readonly offset: number;
}

export function placeOf(sample: number, { files, perFile, start, recordBytes }: RecordFiles): RecordPlace {
  const file = files[Math.floor(sample / perFile)] ?? "";
  return { file, offset: start + (sample % perFile) * recordBytes };
}

/** Requests under way at a time: enough to fill a line, too few to keep others waiting. */
const atOnce = 4;

/** The records of `stretches`, in their order, by one reading for each (two where a file ends inside it). */
export async function readStretches(
  records: RecordFiles,
  stretches: readonly Stretch[],
): Promise<Uint8Array> {
  const { source, recordBytes } = records;
  const total = stretches.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(total * recordBytes);
  let at = 0;
  const pieces = stretches
    .flatMap((stretch) => withinFiles(stretch, records.perFile))
    .map(({ from, length }) => {
      const place = { ...placeOf(from, records), length: length * recordBytes, at };
      at += place.length;
      return place;
    });
  await forEachOf(pieces, atOnce, async ({ file, offset, length, at: target }) => {
    bytes.set(await source.read(file, { from: offset, length }), target);
  });
  return bytes;
}

/** The records `which` (ascending), in their order, by one gathering for each file. */
export async function gatherRecords(records: RecordFiles, which: Uint32Array): Promise<Uint8Array> {
  const { recordBytes } = records;
  return gatherField(records, { from: 0, length: recordBytes }, which);
}

/** Bytes `from` … of the records `which` (ascending; every one if absent). */
export async function gatherField(
  { source, files, perFile, start, recordBytes }: RecordFiles,
  field: { readonly from: number; readonly length: number },
  which: Uint32Array = everyRecord(files.length * perFile),
): Promise<Uint8Array> {
  const bytes = new Uint8Array(which.length * field.length);
  let at = 0;
  for (const [index, file] of files.entries()) {
    const first = index * perFile;
    const own = which.filter((sample) => sample >= first && sample < first + perFile);
    if (own.length === 0) continue;
    const records = own.map((sample) => sample - first);
    bytes.set(await source.gather(file, { start, recordBytes, ...field }, records), at);
    at += own.length * field.length;
  }
  return bytes;
}

/** Does something with every item, a few of them at the same time. */
export async function forEachOf<Item>(
  items: readonly Item[],
  width: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  async function work(): Promise<void> {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  }
  await Promise.all(Array.from({ length: width }, work));
}

function withinFiles({ from, length }: Stretch, perFile: number): Stretch[] {
  const pieces: Stretch[] = [];
  for (let at = from; at < from + length;) {
    const end = Math.min(from + length, (Math.floor(at / perFile) + 1) * perFile);
    pieces.push({ from: at, length: end - at });
    at = end;
  }
  return pieces;
}
