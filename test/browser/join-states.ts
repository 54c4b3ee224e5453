/**
 * The join page in any state, without a peer behind it: the page's own files from a real server, what the
 * server says about the room by hand, and a worker that says what it is told to.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { TabCommand, TabNews, TabPeer, TabStatus } from "../../peer-browser/tab-messages.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import { watchFaults } from "./chromium.ts";

export interface FakeTab {
  readonly page: Page;
  readonly faults: string[];
  /** The one click; the page has made its worker then. */
  join(): Promise<void>;
  /** What the worker says next. */
  say(news: TabNews): Promise<void>;
  /** Types of what the page said to its newest worker. */
  commands(): Promise<readonly TabCommand["type"][]>;
  /** What the server says about the room from now on: what differs from `roomInfo`. */
  setRoom(room: RoomChanges): void;
  /** As the page sees it; its timers go on. */
  setHidden(isHidden: boolean): Promise<void>;
  /** Workers that the page made. */
  workers(): Promise<number>;
  crashWorker(message: string): Promise<void>;
}

/** Stands in for Worker: runs in the page. */
const fakeWorker = `
  window.fakeWorkers = [];
  window.Worker = class extends EventTarget {
    commands = [];
    constructor() { super(); window.fakeWorkers.push(this); }
    postMessage(command) { this.commands.push(command); }
    terminate() {}
  };
`;

export const roomInfo = {
  room: "room",
  task: builtInTasks["glyphs-cnn"],
  peers: 3,
  members: 3,
  round: 412,
  accuracy: 0.931,
  loss: 0.24,
  validationLoss: 0.22,
  isFinished: false,
  model: null,
};

/** Stands in for the battery, full and charging at first. */
const fakeBattery = `
  window.fakeBattery = Object.assign(new EventTarget(), {
    charging: true,
    level: 1,
    becomes(state) { Object.assign(this, state); this.dispatchEvent(new Event("levelchange")); },
  });
  navigator.getBattery = () => Promise.resolve(window.fakeBattery);
`;

type RoomChanges = Partial<Record<keyof typeof roomInfo, unknown>>;

export interface TabOptions extends Pick<BrowserContextOptions, "viewport" | "colorScheme"> {
  /** What differs from `roomInfo`. */
  readonly room?: RoomChanges;
  /** A battery that tests empty. */
  readonly battery?: boolean;
}

export async function openFakeTab(browser: Browser, url: string, options: TabOptions = {}): Promise<FakeTab> {
  const { battery = false, room: firstRoom = {}, ...rest } = options;
  let room = firstRoom;
  const context = await browser.newContext({ reducedMotion: "reduce", ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = watchFaults(page, new URL(url).host);
  await page.addInitScript(fakeWorker);
  if (battery) await page.addInitScript(fakeBattery);
  await page.route("**/api/rooms/*", (route) => route.fulfill({ json: { ...roomInfo, ...room } }));
  await page.goto(`${url}/join/room`);
  return {
    page,
    faults,
    async join() {
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await page.getByRole("heading", { name: "Your tab takes part" }).waitFor();
    },
    async say(news) {
      await page.evaluate(
        `fakeWorkers.at(-1).dispatchEvent(new MessageEvent("message", { data: ${JSON.stringify(news)} }))`,
      );
    },
    setRoom(next) {
      room = next;
    },
    async setHidden(isHidden) {
      await page.evaluate(
        `Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });` +
          `document.dispatchEvent(new Event("visibilitychange"));`,
      );
    },
    commands: () => page.evaluate("fakeWorkers.at(-1).commands.map(({ type }) => type)"),
    workers: () => page.evaluate("fakeWorkers.length"),
    async crashWorker(message) {
      await page.evaluate(
        `fakeWorkers.at(-1).dispatchEvent(new ErrorEvent("error", { message: ${JSON.stringify(message)} }))`,
      );
    },
  };
}

function peer(number: number, more: Partial<TabPeer>): TabPeer {
  const peerId = number.toString(16).padStart(32, "0");
  return { peerId, name: `peer ${number}`, kind: "node", state: "open", rttMs: 12, dropRate: 0.001, ...more };
}

const somePeers: readonly TabPeer[] = [
  peer(1, { name: "workstation", rttMs: 3.2 }),
  peer(2, { name: "Ada’s laptop", rttMs: 24, dropRate: 0.012 }),
  peer(3, { name: "tab-77c1", kind: "browser", rttMs: 131, dropRate: 0.083 }),
  peer(4, {
    name: "phone in the kitchen",
    kind: "browser",
    state: "connecting",
    rttMs: null,
    dropRate: null,
  }),
];

export function tabStatus(more: Partial<TabStatus> = {}): TabStatus {
  return {
    phase: "training",
    round: 412,
    rounds: 1_500,
    members: 4,
    loss: 0.231,
    accuracy: 0.934,
    losses: [],
    samples: 13_184,
    samplesPerSecond: 412,
    roundMsP50: 180,
    upRate: 412_000,
    downRate: 398_000,
    peers: somePeers,
    backend: {
      name: "wasm",
      title: "WebAssembly (SIMD) on the processor",
      why: "It was the fastest that works here. No graphics processor is available to this browser.",
      trials: [
        { name: "webgpu", stepMs: null, note: "no adapter" },
        { name: "wasm", stepMs: 21, note: null },
        { name: "webgl", stepMs: 240, note: "drawn in software" },
      ],
    },
    ...more,
  };
}

export const stagedLoss = (round: number) => 2.3 * Math.exp(-round / 110) + 0.2;

/** Rounds from one status to the next. */
export const stagedStep = 12;

export async function playRound(tab: FakeTab, round: number): Promise<void> {
  const loss = stagedLoss(round) + 0.08 * Math.sin(round);
  await tab.say({ type: "status", status: tabStatus({ round, loss, phase: "averaging" }) });
}

/** A run that has gone on for a while, so that there is a curve to see. */
export async function playRun(tab: FakeTab, upTo = 412): Promise<void> {
  for (let round = 0; round <= upTo; round += stagedStep) await playRound(tab, round);
  await tab.say({ type: "status", status: tabStatus({ round: upTo }) });
}
