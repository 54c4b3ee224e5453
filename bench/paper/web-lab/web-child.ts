/**
 * One machine of the web service: an HTTP server, and the clients of that machine. Arrivals are open loop: a
 * Poisson stream that waits for no reply, and a message is as old as its arrival, however late it was sent.
 * The sum of these streams is the Poisson stream of the whole service.
 */
import { Agent, createServer, get } from "node:http";
import { createRng } from "../../../shared/core/rng.ts";

export interface WebOrder {
  readonly address: string;
  /** Where this machine's clients ask. */
  readonly servers: readonly string[];
  /** Of this machine's clients. */
  readonly messagesPerSecond: number;
  readonly seed: number;
}

export interface WebReport {
  readonly completionsMs: readonly number[];
  readonly failed: number;
}

/** `listen` is answered with "ready", `stop` with a report; `go` starts the clients. */
export type ToChild = { readonly listen: WebOrder } | "go" | "stop";
export type FromChild = "ready" | { readonly report: WebReport };

const port = 8_090;
const reply = Buffer.alloc(100_000, "shoal ");
/** What is under way at the end may finish. */
const lastWordsMs = 5_000;

const server = createServer((_request, response) => void response.end(reply));
/** A connection for each message. */
const agent = new Agent({ keepAlive: false });
const completionsMs: number[] = [];
let failed = 0;
let underWay = 0;
let stopped = false;
let giveUp: NodeJS.Timeout | undefined;

process.on("message", (message: ToChild) => {
  if (message === "go") arrive();
  else if (message === "stop") stop();
  else listen(message.listen);
});
process.on("disconnect", () => process.exit());

let arrive = () => {};

function listen(order: WebOrder): void {
  arrive = () => clients(order);
  server.listen(port, order.address, () => tell("ready"));
}

function clients({ servers, messagesPerSecond, seed }: WebOrder): void {
  const rng = createRng(seed);
  let dueMs = performance.now();
  const next = () => {
    dueMs += (-Math.log(1 - rng.float()) * 1000) / messagesPerSecond;
    const [fromMs, target] = [dueMs, servers[rng.below(servers.length)] ?? ""];
    setTimeout(
      () => {
        if (stopped) return;
        ask(target, fromMs);
        next();
      },
      Math.max(0, Math.ceil(dueMs - performance.now())),
    );
  };
  next();
}

function ask(host: string, fromMs: number): void {
  underWay += 1;
  let bytes = 0;
  const request = get({ host, port, agent }, (response) => {
    response.on("data", (data: Buffer) => (bytes += data.length));
    response.on("end", () => {
      if (bytes === reply.length) completionsMs.push(performance.now() - fromMs);
    });
  });
  request.on("error", () => {
    // "close" follows, and counts it.
  });
  request.on("close", () => {
    underWay -= 1;
    if (bytes !== reply.length) failed += 1;
    endIfDone();
  });
}

function stop(): void {
  stopped = true;
  giveUp = setTimeout(report, lastWordsMs);
  endIfDone();
}

function endIfDone(): void {
  if (!stopped || underWay > 0) return;
  clearTimeout(giveUp);
  report();
}

/** What never completed has failed. The server stays: others may still be asking it. */
function report(): void {
  tell({ report: { completionsMs, failed: failed + underWay } });
}

function tell(message: FromChild): void {
  process.send?.(message);
}
