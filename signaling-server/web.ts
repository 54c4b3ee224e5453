/** The HTTP side: status page, snapshot, metrics, health. Everything it knows comes from `status()`. */
import type { IncomingHttpHeaders } from "node:http";
import { fileURLToPath } from "node:url";
import express from "express";
import type { ErrorRequestHandler, Express, RequestHandler, Response } from "express";
import helmet from "helmet";
import * as v from "valibot";
import { roomNameSchema } from "../shared/net/messages.ts";
import type { Clock } from "../shared/core/clock.ts";
import type { ServerStatus } from "../shared/net/status.ts";
import type { ServedData } from "./data-files.ts";
import { cookieOf, inviteIn } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { isolation } from "./isolation.ts";
import { sendModel } from "./model-download.ts";
import { createPacedAnswers } from "./paced-answers.ts";
import type { RoomHost } from "./room-host.ts";
import { roomInfo } from "./room-info.ts";
import { createSnapshots } from "./snapshots.ts";
import { serveFiles } from "./static-files.ts";

/** Made by web-build.ts; from dist/signaling-server this is dist/web. */
const webDirectory = fileURLToPath(new URL("../web/", import.meta.url));

/** Snapshots on their way: each has at most one room's text in memory. */
const snapshotLimits = {
  inside: 64,
  insideEach: 16,
  waiting: 512,
  waitingEach: 128,
  waitMs: 30_000,
  pieceMs: 30_000,
};

export interface WebOptions {
  readonly clock: Pick<Clock, "now" | "after">;
  readonly status: () => ServerStatus;
  readonly hosts: ReadonlyMap<string, RoomHost>;
  readonly gate: Gate;
  /** Where the creator's commands go; absent: nobody has the key. */
  readonly creator?: RequestHandler[] | "" | undefined;
  /** Files of data sets; absent: this server has none. */
  readonly data?: ServedData | undefined;
  readonly log: (line: string) => void;
}

export function createWeb({ clock, status, hosts, gate, creator, data, log }: WebOptions): Express {
  const app = express();
  const snapshots = createSnapshots(status, () => clock.now());
  const answers = createPacedAnswers(snapshotLimits, clock);
  /** Where the one who asks may know of it. */
  function room(name: string, headers: IncomingHttpHeaders): RoomHost | undefined {
    const mayLook = gate.mayLook(name, inviteIn(headers, name));
    const found = hosts.get(name);
    return mayLook ? found : undefined;
  }
  const noRoom = creator ? noSuchOpenRoom : noSuchRoom;
  /** Data sets are for those who may train on them. */
  const onlyGuests: RequestHandler = ({ headers }, response, next) => {
    if ([...hosts.keys()].some(gate.sightOf(headers))) next();
    else refuse(response, 404, "There is nothing here without an invite.");
  };
  app.disable("x-powered-by");
  app.use(securityHeaders(), isolation());
  app.get("/healthz", (_, response) => void response.type("text/plain").send("ok"));
  app.get("/api/status", async (request, response) => {
    const pieces = () => snapshots.json(gate.sightOf(request.headers));
    try {
      const isSent = await answers.send(request, uncached(response).type("json"), pieces);
      if (!isSent && !response.destroyed) refuse(response.set("Retry-After", "5"), 503, tooMany);
    } catch (error) {
      // Who has gone hears nothing.
      if (!response.headersSent && !response.destroyed) throw error;
      response.destroy();
    }
  });
  app.get("/metrics", ({ headers }, response) => {
    const text = snapshots.metrics(gate.sightOf(headers));
    uncached(response).set("Content-Type", "text/plain; version=0.0.4; charset=utf-8").end(text);
  });
  app.get("/api/rooms/:room/model", ({ params, headers }, response) => {
    const found = room(params.room, headers);
    if (found?.model) sendModel(response, found.model);
    else refuse(response, 404, found ? noModel : noRoom);
  });
  app.get("/api/rooms/:room", ({ params, headers, secure }, response) => {
    const found = room(params.room, headers);
    if (!found) return refuse(response, 404, noRoom);
    keepInvite(response, params.room, headers, secure || headers["x-forwarded-proto"] === "https");
    uncached(response).json(roomInfo(found.room.task, found.status(), data));
  });
  if (creator) app.post("/api/creator", ...creator);
  if (data) app.use("/api/data", onlyGuests, data.handler);
  app.get("/", page("/index.html"));
  app.get("/join", (_, response) => response.redirect("/"));
  app.get("/join/:room", (request, response, next) => {
    // A page does not say what its link's fragment holds: where there may be hidden rooms every name has one.
    const mayBe = creator && v.is(roomNameSchema, request.params.room);
    if (mayBe || room(request.params.room, request.headers)) page("/join.html")(request, response, next);
    else refuse(response, 404, noRoom);
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

/** Once shown, a browser has it in a cookie that no script reads and no other site makes it send. */
function keepInvite(response: Response, room: string, headers: IncomingHttpHeaders, secure: boolean): void {
  const invite = inviteIn({ authorization: headers.authorization }, room);
  if (invite === undefined) return;
  response.cookie(cookieOf(room), invite, { httpOnly: true, sameSite: "strict", secure });
}

const noModel = "This room has no model to try yet: its members have to learn first.";
const tooMany = "Too many are reading this: try again later.";
const noSuchRoom = "There is no such room on this server: the rooms are listed at /.";
/** Where rooms may be hidden; the same for one that is and for one that is not there. */
const noSuchOpenRoom =
  "There is no such room on this server, or it is by invite: open the whole invite link, with what follows #.";

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
