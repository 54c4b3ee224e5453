/** The HTTP side: status page, snapshot, metrics, health. Everything it knows comes from `status()`. */
import { fileURLToPath } from "node:url";
import express from "express";
import type { ErrorRequestHandler, Express, RequestHandler, Response } from "express";
import helmet from "helmet";
import type { Task } from "../shared/core/task.ts";
import type { RoomStatus, ServerStatus } from "../shared/net/status.ts";
import type { ServedData } from "./data-files.ts";
import { isolation } from "./isolation.ts";
import { metricsText } from "./metrics.ts";
import type { KeptModel } from "./model-collector.ts";
import { sendModel } from "./model-download.ts";
import { roomInfo } from "./room-info.ts";
import { serveFiles } from "./static-files.ts";

/** Made by web-build.ts; from dist/signaling-server this is dist/web. */
const webDirectory = fileURLToPath(new URL("../web/", import.meta.url));

export interface WebRoom {
  readonly task: Task;
  status(): RoomStatus;
}

export interface WebOptions {
  readonly status: () => ServerStatus;
  readonly room: (name: string) => WebRoom | undefined;
  readonly model: (room: string) => KeptModel | null | undefined;
  /** Files of data sets; absent: this server has none. */
  readonly data?: ServedData | undefined;
  readonly log: (line: string) => void;
}

export function createWeb({ status, room, model, data, log }: WebOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders(), isolation());
  app.get("/healthz", (_, response) => void response.type("text/plain").send("ok"));
  app.get("/api/status", (_, response) => void uncached(response).json(status()));
  app.get("/metrics", (_, response) => {
    uncached(response).type("text/plain; version=0.0.4; charset=utf-8").send(metricsText(status()));
  });
  app.get("/api/rooms/:room/model", ({ params }, response) => {
    const kept = model(params.room);
    if (kept) sendModel(response, kept);
    else refuse(response, 404, room(params.room) ? noModel : noSuchRoom);
  });
  app.get("/api/rooms/:room", ({ params }, response) => {
    const found = room(params.room);
    if (found) uncached(response).json(roomInfo(found.task, found.status(), data));
    else refuse(response, 404, noSuchRoom);
  });
  if (data) app.use("/api/data", data.handler);
  app.get("/", page("/index.html"));
  app.get("/join", (_, response) => response.redirect("/"));
  app.get("/join/:room", (request, response, next) => {
    if (room(request.params.room)) page("/join.html")(request, response, next);
    else refuse(response, 404, noSuchRoom);
  });
  app.use(serveFiles(webDirectory));
  app.use(["/index.html", "/join.html"], (_, response) =>
    refuse(response, 503, "The page is not built: npm run build."),
  );
  app.use((_, response) =>
    refuse(response, 404, "There is nothing at this address: the status page is at /."),
  );
  app.use(onError(log));
  return app;
}

const noModel = "This room has no model to try yet: its members have to learn first.";
const noSuchRoom = "There is no such room on this server: the rooms are listed at /.";

/** A page is a file like any other, at another address. */
function page(file: string): RequestHandler {
  return (request, _, next) => {
    request.url = file;
    next();
  };
}

function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        workerSrc: ["'self'"],
        // WebSockets of the same host included (Safari from 15.4 on).
        connectSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        // Plain HTTP on a local network must go on working.
        upgradeInsecureRequests: null,
      },
    },
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
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
          `<title>Shoal</title><link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/page.css">` +
          `<main><p>${linked(sentence)}</p></main></html>`,
      ),
  });
}

/** "…: the rooms are listed at /." leads there. */
function linked(sentence: string): string {
  return sentence.replace(/: (.* \/)\.$/, ': <a href="/">$1</a>.');
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
