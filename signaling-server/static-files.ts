/**
 * The files of dist/web, gzipped where the build has made a .gz and the browser takes it: over a phone's
 * network that is most of the time before a page stands. Browsers keep them but ask whether they are still
 * the newest (ETag), so that nobody meets a new server with an old page.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import express from "express";
import type { RequestHandler } from "express";

export function serveFiles(directory: string): RequestHandler[] {
  const hasGzip = (path: string) =>
    /^(?:\/[\w-][\w.-]*)+$/.test(path) && existsSync(join(directory, `${path}.gz`));

  const preferGzip: RequestHandler = (request, response, next) => {
    const { path } = request;
    if (hasGzip(path)) {
      response.vary("Accept-Encoding");
      if (request.acceptsEncodings("gzip")) {
        response.type(path.slice(path.lastIndexOf("."))).set("Content-Encoding", "gzip");
        request.url = `${path}.gz`;
      }
    }
    next();
  };
  const files = express.static(directory, {
    index: false,
    redirect: false,
    setHeaders: (response) => void response.setHeader("Cache-Control", "no-cache"),
    cacheControl: false,
  });
  return [preferGzip, files];
}
