/**
 * The demo's peers: `shoal join` processes of this machine. Each is in a process group of its own, so that a
 * Ctrl-C in the terminal reaches the demo alone and is not counted twice; and each holds the other end of a
 * pipe to us, so that it goes when we go, even by SIGKILL.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { dropCauses } from "../shared/core/drops.ts";
import { exitCodes } from "./exit-codes.ts";
import { deliveredShare } from "./format.ts";

/** A peer that was asked to stop and is still there after this is killed. */
const stopMs = 5_000;

interface PeerEnd {
  readonly outcome: string;
  readonly round: number;
  /** The last validation. */
  readonly accuracy: number | undefined;
  readonly loss: number | undefined;
  readonly samplesPerSecond: number;
  /** Of the fragments owed to it, those that counted. */
  readonly delivered: number | undefined;
  readonly roundMsP50: number | undefined;
}

export interface DemoPeer {
  readonly name: string;
  readonly pid: number | undefined;
  /** Undefined while it runs. */
  readonly exitCode: number | undefined;
  /** The last thing it said on standard error. */
  readonly lastWords: string;
  /** How its run ended, as it says. */
  readonly end: PeerEnd | undefined;
  readonly isAsked: boolean;
}

export interface DemoPeers {
  readonly peers: readonly DemoPeer[];
  /** Resolves when the last one is gone. */
  readonly gone: Promise<void>;
  stop(): void;
  kill(): void;
}

export function startDemoPeers(options: {
  /** The file of the `shoal` command. */
  readonly shoal: string;
  readonly url: string;
  readonly count: number;
  readonly loss: number;
  /** Beside SHOAL_DATA, which they inherit. */
  readonly dataDir?: string | undefined;
  readonly onEnd: (peer: DemoPeer) => void;
}): DemoPeers {
  const { shoal, url, loss, dataDir } = options;
  const names = Array.from({ length: options.count }, (_, at) => `peer-${at + 1}`);
  const runs = names.map((name) => {
    const args = [shoal, "join", url, "--name", name, "--json", "--exit-with-parent"];
    const losses = loss > 0 ? ["--loss", String(loss)] : [];
    const data = dataDir === undefined ? [] : ["--data-dir", dataDir];
    return follow(name, start([...args, ...losses, ...data]));
  });
  for (const { peer, closed } of runs) void closed.then(() => options.onEnd(peer));

  return {
    peers: runs.map(({ peer }) => peer),
    gone: Promise.all(runs.map(({ closed }) => closed)).then(() => undefined),
    stop() {
      for (const run of runs) run.stop();
      setTimeout(() => runs.forEach((run) => run.kill()), stopMs).unref();
    },
    kill: () => runs.forEach((run) => run.kill()),
  };
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...args], { stdio: "pipe", detached: true, windowsHide: true });
}

function follow(name: string, child: ChildProcess) {
  let exitCode: number | undefined;
  let lastWords = "";
  let end: PeerEnd | undefined;
  let isAsked = false;

  // A pipe to a peer that is gone: its end says what there is to say.
  child.stdin?.on("error", () => {});
  onLine(child.stderr, (line) => (lastWords = line));
  onLine(child.stdout, (line) => (end = readEnd(line) ?? end));

  const closed = new Promise<void>((resolve) => {
    child.on("error", (error) => (lastWords = error.message));
    child.on("close", (code, signal) => {
      exitCode = code ?? exitCodes.stoppedNow;
      if (signal) lastWords = `ended by ${signal}`;
      resolve();
    });
  });
  const send = (signal: NodeJS.Signals) => exitCode === undefined && child.kill(signal);

  const peer: DemoPeer = {
    name,
    pid: child.pid,
    get exitCode() {
      return exitCode;
    },
    get lastWords() {
      return lastWords;
    },
    get end() {
      return end;
    },
    get isAsked() {
      return isAsked;
    },
  };
  return {
    peer,
    closed,
    stop() {
      isAsked = true;
      send("SIGINT");
    },
    kill() {
      isAsked = true;
      send("SIGKILL");
    },
  };
}

function onLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on("line", take);
}

const endSchema = v.object({
  event: v.literal("end"),
  outcome: v.string(),
  report: v.object({
    round: v.number(),
    loss: v.optional(v.number()),
    validation: v.optional(v.object({ accuracy: v.number() })),
    samplesPerSecond: v.number(),
    roundMsP50: v.optional(v.number()),
  }),
  received: v.number(),
  drops: v.object(v.entriesFromList(dropCauses, v.number())),
});

/** Of the last line of a peer (json-lines.ts); the others are not of interest. */
function readEnd(line: string): PeerEnd | undefined {
  if (!line.startsWith('{"event":"end"')) return undefined;
  const { success, output } = v.safeParse(endSchema, JSON.parse(line));
  if (!success) return undefined;
  const { outcome, report, received, drops } = output;
  const { round, loss, validation, samplesPerSecond, roundMsP50 } = report;
  const delivered = deliveredShare(received, drops);
  return { outcome, round, loss, accuracy: validation?.accuracy, samplesPerSecond, delivered, roundMsP50 };
}
