/** A web service in every peer's namespace of a kernel lab, with random pairs of them as client and server. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { mean, quantile } from "../../../shared/simulation/figures.ts";
import type { KernelLab } from "../../../test/labs/kernel.ts";
import { within } from "../../../test/labs/real-time.ts";
import type { FromChild, ToChild, WebReport } from "./web-child.ts";

export interface WebFigures {
  readonly messages: number;
  /** Never completed. */
  readonly failed: number;
  /** From arrival to the reply's last byte. */
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface WebLoad {
  /** Messages begin to arrive. */
  go(): void;
  stop(): Promise<WebFigures>;
}

export interface WebDemand {
  /** Of the whole service. */
  readonly messagesPerSecond: number;
  readonly seed: number;
}

const child = fileURLToPath(new URL("web-child.js", import.meta.url));
const timeLimitMs = 20_000;

export async function startWeb(lab: KernelLab, { messagesPerSecond, seed }: WebDemand): Promise<WebLoad> {
  const addresses = Array.from({ length: lab.peers }, (_, peer) => lab.address(peer));
  const machines = addresses.map((address, peer) => {
    const run = lab.spawn(peer, process.execPath, [child], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const tell = (message: ToChild) => void run.send(message);
    const heard = async (): Promise<FromChild> => {
      const [message]: FromChild[] = await within(
        timeLimitMs,
        `the web of peer ${peer}`,
        once(run, "message"),
      );
      if (message === undefined) throw new Error("a message says something");
      return message;
    };
    const servers = addresses.filter((other) => other !== address);
    const own = { address, servers, messagesPerSecond: messagesPerSecond / lab.peers };
    tell({ listen: { ...own, seed: seed * lab.peers + peer } });
    return { tell, heard, end: () => run.disconnect() };
  });
  await Promise.all(machines.map(({ heard }) => heard()));
  return {
    go() {
      for (const { tell } of machines) tell("go");
    },
    async stop() {
      const reports = machines.map(async ({ tell, heard }) => {
        tell("stop");
        const message = await heard();
        if (message === "ready") throw new Error("a machine that stops reports");
        return message.report;
      });
      const all = await Promise.all(reports);
      for (const { end } of machines) end();
      return figuresOf(all);
    },
  };
}

function figuresOf(reports: readonly WebReport[]): WebFigures {
  const times = reports.flatMap(({ completionsMs }) => completionsMs);
  return {
    messages: times.length,
    failed: reports.reduce((sum, { failed }) => sum + failed, 0),
    meanMs: mean(times),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}
