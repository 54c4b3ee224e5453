/** Where a tab finds data sets: at the server that its page came from. */
import type { DataPlace, DataSource } from "../../shared/training/data/data-source.ts";
import { createHttpSource } from "../../shared/training/data/http-source.ts";
import { tabClock } from "../worker/tab-clock.ts";

/** @throws Error for a folder, which no tab can read. */
export function openPlace(place: DataPlace): DataSource {
  if (place.kind === "folder") throw new Error(`data (${place.path}): a tab reads no folder`);
  return createHttpSource({ url: place.url, fetch: (...request) => fetch(...request), clock: tabClock });
}
