/** A source that unpacks each of its gzipped files once: workers of one process open them shard by shard. */
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { openFile } from "../../shared/training/data/gzip.ts";
import type { OpenFile } from "../../shared/training/data/gzip.ts";

export function unpackedOnce(source: DataSource): DataSource {
  const unpacked = new Map<string, Promise<OpenFile>>();

  /** What is not there, or not packed, is the source's own business. */
  async function opened(file: string): Promise<Pick<OpenFile, "source" | "file">> {
    const known = unpacked.get(file);
    if (known) return known;
    const [plain, packed] = [await source.size(file), await source.size(`${file}.gz`)];
    if (plain !== undefined || packed === undefined) return { source, file };
    const opening = openFile(source, file);
    unpacked.set(file, opening);
    return opening;
  }

  return {
    place: source.place,
    list: (folder) => source.list(folder),
    async read(file, range) {
      const { source: from, file: name } = await opened(file);
      return from.read(name, range);
    },
    async size(file) {
      const { source: from, file: name } = await opened(file);
      return from.size(name);
    },
    async gather(file, field, which) {
      const { source: from, file: name } = await opened(file);
      return from.gather(name, field, which);
    },
  };
}
