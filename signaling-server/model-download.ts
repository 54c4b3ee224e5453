/** GET /api/rooms/ROOM/model: the file, with what a browser needs to ask for it again only when it has changed. */
import type { Response } from "express";
import type { KeptModel } from "./model-collector.ts";

/** A download holds its file in memory while newer ones come: it must end, sooner where two have come. */
const downloadMs = 120_000;

/** Express answers HEAD and If-None-Match by itself. */
export function sendModel(response: Response, { name, file, etag, downloads }: KeptModel): void {
  const timer = setTimeout(() => response.destroy(), downloadMs);
  downloads.add(response);
  response.on("close", () => {
    clearTimeout(timer);
    downloads.delete(response);
  });
  response.attachment(name).type("application/octet-stream");
  response.set({ ETag: etag, "Cache-Control": "no-cache" }).send(file);
}
