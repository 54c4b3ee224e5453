/** Gzipped files, which are read as a whole because nothing in them has a place of its own. */
import { dataError, gatherByRanges, missingFile } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";

/** A file as it can be read in parts. */
export interface OpenFile {
  readonly source: DataSource;
  readonly file: string;
  readonly bytes: number;
}

/** Beyond this a "gzipped data set" is a bomb or a mistake. */
const maxBytes = 512 * 1024 * 1024;

/** `file`, or `file.gz` unpacked in memory. @throws Error with one sentence when neither is there. */
export async function openFile(source: DataSource, file: string): Promise<OpenFile> {
  const bytes = await source.size(file);
  if (bytes !== undefined) return { source, file, bytes };
  const zipped = `${file}.gz`;
  if ((await source.size(zipped)) === undefined) throw missingFile(`${file}[.gz]`, source.place);
  const content = await gunzip(await source.read(zipped), zipped);
  return { source: oneFile(source.place, zipped, content), file: zipped, bytes: content.length };
}

async function gunzip(packed: Uint8Array, file: string): Promise<Uint8Array> {
  const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      total += next.value.length;
      if (total > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError(
      file,
      `can't be unpacked after byte ${total} of its content (${reason}): get it again (docs/data.md)`,
    );
  }
  const content = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}

function oneFile(place: string, file: string, content: Uint8Array): DataSource {
  const read: DataSource["read"] = async (_, range = { from: 0, length: content.length }) => {
    const end = range.from + range.length;
    if (end > content.length)
      throw dataError(file, `its content ends at byte ${content.length}, expected are ${end}`);
    return content.subarray(range.from, end);
  };
  return {
    place,
    read,
    size: async (asked) => (asked === file ? content.length : undefined),
    list: async () => [],
    gather: (_, field, which) => gatherByRanges((range) => read(file, range), field, which),
  };
}
