/** The HTTP side: status page, snapshot, metrics, health. Everything it knows comes from `status()`. */
import { fileURLToPath } from "node:url";
import express from "express";
import type { ErrorRequestHandler, Express, RequestHandler, Response } from "express";
import helmet from "helmet";
import type { ServerStatus } from "../shared/net/status.ts";
import { metricsText } from "./metrics.ts";

/** Made by page-build.ts; from dist/signaling-server this is dist/web. */
const webDirectory = fileURLToPath(new URL("../web/", import.meta.url));

export interface WebOptions {
  readonly status: () => ServerStatus;
  readonly hasRoom: (name: string) => boolean;
  readonly log: (line: string) => void;
}

export function createWeb({ status, hasRoom, log }: WebOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders());
  app.get("/healthz", (_, response) => void response.type("text/plain").send("ok"));
  app.get("/api/status", (_, response) => void uncached(response).json(status()));
  app.get("/metrics", (_, response) => {
    uncached(response).type("text/plain; version=0.0.4; charset=utf-8").send(metricsText(status()));
  });
  app.get("/", sendPage);
  app.get("/join/:room", (request, response, next) => {
    if (hasRoom(request.params.room)) sendPage(request, response, next);
    else refuse(response, 404, "There is no such room on this server: the rooms are listed at /.");
  });
  app.use(express.static(webDirectory, { index: false, redirect: false, cacheControl: false }));
  app.use((_, response) =>
    refuse(response, 404, "There is nothing at this address: the status page is at /."),
  );
  app.use(onError(log));
  return app;
}

const sendPage: RequestHandler = (_, response, next) => {
  uncached(response).sendFile("index.html", { root: webDirectory, cacheControl: false }, (error) => {
    if (!error || response.headersSent) return;
    // Express says "not found" for the file; to a person the address is right and the build is missing.
    if ("code" in error && error.code === "ENOENT")
      refuse(response, 503, "The page is not built: npm run build.");
    else next(error);
  });
};

function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        connectSrc: ["'self'", "ws:", "wss:"],
        imgSrc: ["'self'", "data:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        // Plain HTTP on a local network must go on working.
        upgradeInsecureRequests: null,
      },
    },
    crossOriginEmbedderPolicy: true,
    // Browsers remember this one and then refuse the same host on plain HTTP; TLS is the proxy's business.
    strictTransportSecurity: false,
  });
}

function uncached(response: Response): Response {
  return response.set("Cache-Control", "no-store");
}

/** One sentence, as a page to people and as JSON to programs. */
function refuse(response: Response, code: number, sentence: string): void {
  response.status(code).format({
    json: () => response.json({ error: sentence }),
    html: () =>
      response.send(
        `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">` +
          `<title>Shoal</title><link rel="stylesheet" href="/page.css"><main><p>${sentence}</p></main></html>`,
      ),
  });
}

function onError(log: (line: string) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const given = typeof error === "object" && error !== null && "status" in error ? error.status : 500;
    const code = typeof given === "number" && given >= 400 && given < 500 ? given : 500;
    if (code === 500) log(`request failed: ${error instanceof Error ? error.stack : String(error)}`);
    refuse(
      response,
      code,
      code === 500 ? "The server failed on this request." : "This request is malformed.",
    );
  };
}
