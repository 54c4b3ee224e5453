/**
 * How much work the status page is with a full room: 32 reporters at 1 Hz over real sockets, the page in
 * Chromium, its processor time and its heap over time. The test runs it briefly, bench/status-page.ts for
 * ten minutes.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, CDPSession, Page } from "playwright-core";
import { io } from "socket.io-client";
import { noDrops } from "../../shared/core/drops.ts";
import type { PeerReport } from "../../shared/net/messages.ts";
import { createSignalingServer } from "../../signaling-server/server.ts";
import { join, joinRequest, peerIdOf, peerReport, testTask } from "../server/fixture.ts";
import type { TestSocket } from "../server/fixture.ts";
import { openPage } from "./chromium.ts";
import type { Ending } from "./chromium.ts";

export interface LoadSample {
  /** Since the measurement began. */
  readonly seconds: number;
  /**
   * Of one core since the sample before: how long tasks of the main thread took by the clock (on a busy
   * machine that includes waiting for a core), and the processor time of all threads of the page's process.
   */
  readonly mainThreadShare: number;
  readonly processShare: number;
  /** After a forced garbage collection. */
  readonly heapBytes: number;
  readonly nodes: number;
}

export interface LoadOptions {
  readonly reporters: number;
  /** Until the page has settled. */
  readonly warmUpSeconds: number;
  readonly sampleSeconds: number;
  readonly samples: number;
  onSample?(sample: LoadSample): void;
}

const reportEveryMs = 1_000;

/** Rejects when the page prints an error or asks another host for something. */
export async function measureLoad(t: Ending, browser: Browser, options: LoadOptions): Promise<LoadSample[]> {
  const server = await createSignalingServer({ tasks: { room: testTask() }, host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  await startReporters(t, server.url, options.reporters);
  const { page, faults } = await openPage(browser, server.url, { viewport: { width: 1280, height: 900 } });
  t.after(() => page.context().close());
  await page
    .locator("#peers tbody tr")
    .nth(options.reporters - 1)
    .waitFor();
  await pause(options.warmUpSeconds * 1_000);

  const read = await createMeter(browser, page);
  const samples: LoadSample[] = [];
  const first = await read();
  let last = first;
  for (let at = 0; at < options.samples; at += 1) {
    await pause(options.sampleSeconds * 1_000);
    const now = await read();
    const passed = now.atMs - last.atMs;
    const sample = {
      seconds: (now.atMs - first.atMs) / 1_000,
      mainThreadShare: (now.taskMs - last.taskMs) / passed,
      processShare: (now.processMs - last.processMs) / passed,
      heapBytes: now.heapBytes,
      nodes: now.nodes,
    };
    samples.push(sample);
    options.onSample?.(sample);
    last = now;
  }
  if (faults.length > 0) throw new Error(faults.join("; "));
  return samples;
}

/** Members that report once a second, each at its own time of the second. */
async function startReporters(t: Ending, url: string, count: number): Promise<void> {
  const everybody = Array.from({ length: count }, (_, index) => index + 1);
  for (const number of everybody) {
    const socket: TestSocket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
    t.after(() => void socket.disconnect());
    const answer = await join(socket, joinRequest(number));
    if (!answer.ok) throw new Error(`reporter ${number} was refused: ${answer.reason}`);
    socket.emit("ready", { round: 0 });
    let round = 0;
    const tell = () => socket.emit("report", madeUpReport(number, (round += 3), everybody));
    const timer = setInterval(tell, reportEveryMs);
    t.after(() => clearInterval(timer));
    await pause(reportEveryMs / count);
  }
}

/** Every figure changes with every report: the page has as much to do as it can have. */
function madeUpReport(number: number, round: number, everybody: readonly number[]): PeerReport {
  const loss = 2 / (1 + round / 50) + number / 1_000;
  return peerReport({
    round,
    loss,
    validation: { round, loss: loss * 1.1, accuracy: 1 - loss / 3 },
    samplesPerSecond: 100 + ((round * number) % 90),
    samples: round * 32,
    roundMsP50: 200 + ((round * number) % 50),
    roundMsP95: 400 + ((round * number) % 80),
    bytesSent: round * 10_000 + number,
    bytesReceived: round * 11_000 + number,
    links: everybody
      .filter((other) => other !== number)
      .map((other) => ({
        peerId: peerIdOf(other),
        state: "open",
        rttMs: 10 + ((round + other) % 20),
        candidateType: "host",
        lanes: 1,
        sent: round * 10,
        received: round * 9,
        drops: {
          ...noDrops(),
          lost: Math.floor((round * ((other * number + round) % 17)) / 20),
          late: round % 7,
        },
      })),
  });
}

interface Reading {
  readonly atMs: number;
  readonly taskMs: number;
  readonly processMs: number;
  readonly heapBytes: number;
  readonly nodes: number;
}

async function createMeter(browser: Browser, page: Page): Promise<() => Promise<Reading>> {
  const session = await page.context().newCDPSession(page);
  const system = await browser.newBrowserCDPSession();
  await session.send("Performance.enable");
  await session.send("HeapProfiler.enable");
  const readMetrics = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const metric = (name: string) => metrics.find((each) => each.name === name)?.value ?? Number.NaN;
    return {
      taskMs: metric("TaskDuration") * 1_000,
      heapBytes: metric("JSHeapUsedSize"),
      nodes: metric("Nodes"),
    };
  };
  return async () => {
    // A snapshot may come in between collecting and reading: the least of three is what is really held.
    const tries = [await readMetrics(), await readMetrics(), await readMetrics()];
    const { taskMs } = tries.at(-1) ?? (await readMetrics());
    return {
      atMs: performance.now(),
      taskMs,
      processMs: await rendererMs(system),
      heapBytes: Math.min(...tries.map(({ heapBytes }) => heapBytes)),
      nodes: Math.min(...tries.map(({ nodes }) => nodes)),
    };
  };
}

/** Of all renderers: the page under test is the only one that has anything to do. */
async function rendererMs(system: CDPSession): Promise<number> {
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return renderers.reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0);
}
