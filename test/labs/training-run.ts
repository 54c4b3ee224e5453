/**
 * Whole runs with the real command: `shoal serve` and n times `shoal join --json`, each its own process, in
 * the kernel lab's namespaces or (without rights) on this machine behind the rootless proxy.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Task } from "../../shared/core/task.ts";
import type { KernelLab, LabNode } from "./kernel.ts";
import { parseEvent } from "./peer-events.ts";
import type { JoinEvent } from "./peer-events.ts";
import { pause, within } from "./real-time.ts";

const shoal = fileURLToPath(new URL("../../peer-node/shoal.js", import.meta.url));
const port = 8_080;

/** Where the processes of a run live, and how they lose packets. */
export interface Site {
  readonly lab: "kernel" | "proxy";
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** `env` is added to this process's. */
  start(node: LabNode, args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
}

const stdio = ["ignore", "pipe", "inherit"] as const;

export function kernelSite(lab: KernelLab): Site {
  const start: Site["start"] = (node, args, env) =>
    lab.spawn(node, process.execPath, [shoal, ...args], {
      stdio: [...stdio],
      env: { ...process.env, ...env },
    });
  return { lab: "kernel", host: lab.address("server"), port, start };
}

export function proxySite(drop: number): Site {
  const start: Site["start"] = (node, args, env) =>
    spawn(process.execPath, [shoal, ...args, ...(node === "server" ? [] : ["--loss", String(drop)])], {
      stdio: [...stdio],
      env: { ...process.env, ...env },
    });
  return { lab: "proxy", host: "127.0.0.1", port: 0, start };
}

export interface RunningPeer {
  readonly name: string;
  readonly child: ChildProcess;
  readonly events: readonly JoinEvent[];
  readonly gone: Promise<unknown>;
}

export interface TrainingRun {
  readonly url: string;
  /** All that ever joined. */
  readonly peers: readonly RunningPeer[];
  /** One more peer. */
  join(node: number, env?: NodeJS.ProcessEnv): RunningPeer;
  /** Of the server that runs or ran last. */
  readonly serverPid: number | undefined;
  /** SIGKILL. */
  killServer(): Promise<void>;
  /** Another server at the same address, which knows nothing of the one before. Resolves when it listens. */
  restartServer(): Promise<void>;
  /** Resolves when something that peers said makes it true. */
  until(what: string, isTrue: () => boolean, timeLimitMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function startTraining(
  site: Site,
  task: Task,
  peers: number,
  envOf: (node: LabNode) => NodeJS.ProcessEnv = () => ({}),
): Promise<TrainingRun> {
  const directory = mkdtempSync(join(tmpdir(), "shoal-run-"));
  const file = join(directory, "task.json");
  writeFileSync(file, JSON.stringify(task));
  const running: RunningPeer[] = [];
  let server = serve(site.port);

  function serve(at: number): ChildProcess {
    const where = ["--host", site.host, "--port", `${at}`];
    return site.start("server", ["serve", "--task", file, ...where], envOf("server"));
  }

  /** Also when this process is interrupted: nothing of a run outlives it. */
  function killAll(): void {
    for (const child of [server, ...running.map((peer) => peer.child)]) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
  process.once("exit", killAll);

  async function close(): Promise<void> {
    process.off("exit", killAll);
    const all = [server, ...running.map((peer) => peer.child)];
    await Promise.all(all.map(stop));
    rmSync(directory, { recursive: true });
  }

  try {
    const url = await addressOf(server);
    const start = (node: number, env = envOf(node)) => {
      const name = `peer-${running.length}`;
      // The same backend on every machine, and chosen at once.
      const args = ["join", url, "--json", "--backend", "wasm", "--seed", `${running.length + 1}`];
      const peer = watch(name, site.start(node, [...args, "--name", name], env));
      running.push(peer);
      return peer;
    };
    for (let node = 0; node < peers; node++) start(node);
    return {
      url,
      peers: running,
      join: start,
      until,
      close,
      get serverPid() {
        return server.pid;
      },
      killServer: () => stop(server),
      async restartServer() {
        server = serve(Number(new URL(url).port));
        await addressOf(server);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** `shoal serve` says where it listens. */
async function addressOf(server: ChildProcess): Promise<string> {
  if (!server.stdout) throw new Error("the server has no output");
  const lines = createInterface({ input: server.stdout });
  const found = new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      const url = /https?:\/\/[\w.:[\]-]+/.exec(line)?.[0];
      if (url) resolve(url);
    });
    lines.once("close", () => reject(new Error("the server ended before it listened")));
  });
  return within(20_000, "the server's address", found);
}

function watch(name: string, child: ChildProcess): RunningPeer {
  const events: JoinEvent[] = [];
  if (!child.stdout) throw new Error("the peer has no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseEvent(line);
    if (event) events.push(event);
  });
  return { name, child, events, gone: once(child, "close") };
}

async function until(what: string, isTrue: () => boolean, timeLimitMs: number): Promise<void> {
  const end = performance.now() + timeLimitMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`${what}: not after ${timeLimitMs} ms`);
    await pause(20);
  }
}
