/** Where the files of data sets are: a folder, or a server that answers range requests. */
export interface DataSource {
  /** For messages: the folder, or the address. */
  readonly place: string;
  /**
   * The bytes of a file, or a part of them: never fewer than asked for.
   * @param file path below the place, with slashes
   * @throws Error with one sentence that names file, offset and what was expected
   */
  read(file: string, range?: ByteRange): Promise<Uint8Array>;
  /** In bytes; undefined when there is no such file. */
  size(file: string): Promise<number | undefined>;
  /** Names of the files in a folder, sorted; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** The same field of many records (ascending), one after the other. */
  gather(file: string, field: RecordField, which: Uint32Array): Promise<Uint8Array>;
}

export interface ByteRange {
  readonly from: number;
  readonly length: number;
}

/** Of a file in a folder: none that a dot hides, no way out. */
export const fileNamePattern = /^[^./\\\0][^/\\\0]*$/;

/** Records that fill a file from `start` to its end. */
export interface RecordLayout {
  readonly start: number;
  readonly recordBytes: number;
}

/** Bytes `from` … `from + length − 1` of each record. */
export interface RecordField extends RecordLayout {
  readonly from: number;
  readonly length: number;
}

/** A source as it travels to a training thread. */
export type DataPlace =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "http"; readonly url: string; readonly invite?: string };

/** `what` is wrong with the file, for whoever can put it right. */
export function dataError(file: string, what: string): Error {
  return new Error(`${file}: ${what}`);
}

export function missingFile(file: string, place: string): Error {
  const hint = place.startsWith("http")
    ? "whoever runs that server has to give it --data-dir (docs/data.md)"
    : "docs/data.md says where to get it";
  return dataError(file, `there is no such file in ${place}; ${hint}`);
}

/** @throws Error with one sentence when there is no such file. */
export async function sizeOf(source: DataSource, file: string): Promise<number> {
  const bytes = await source.size(file);
  if (bytes === undefined) throw missingFile(file, source.place);
  return bytes;
}

/** Beside it: bytes that nobody asked for but that cost less than another reading. */
const gapBytes = 64 * 1024;
/** Of one reading, or one record if that is longer. */
const pieceBytes = 1024 * 1024;

/** `gather` by reading runs of the file; where records are close to each other, with what lies between. */
export async function gatherByRanges(
  read: (range: ByteRange) => Promise<Uint8Array>,
  { start, recordBytes, from, length }: RecordField,
  which: Uint32Array,
): Promise<Uint8Array> {
  const gathered = new Uint8Array(which.length * length);
  let done = 0;
  while (done < which.length) {
    const first = (which[done] ?? 0) * recordBytes;
    let end = done + 1;
    while (end < which.length && isNear(which, end, recordBytes, first)) end += 1;
    const bytes = ((which[end - 1] ?? 0) - (which[done] ?? 0)) * recordBytes + length;
    const run = await read({ from: start + first + from, length: bytes });
    for (; done < end; done++) {
      const at = (which[done] ?? 0) * recordBytes - first;
      gathered.set(run.subarray(at, at + length), done * length);
    }
  }
  return gathered;
}

/** Whether record `which[at]` belongs into the run that began at byte `first`. */
function isNear(which: Uint32Array, at: number, recordBytes: number, first: number): boolean {
  const step = (which[at] ?? 0) - (which[at - 1] ?? 0);
  if (step <= 0) throw new RangeError("records must be gathered in the file's order");
  return step * recordBytes <= gapBytes && (which[at] ?? 0) * recordBytes - first < pieceBytes;
}

export function everyRecord(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
