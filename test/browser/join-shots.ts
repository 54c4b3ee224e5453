/** Pictures of the join page, in states that are said to it. */
import { startServer } from "../server/fixture.ts";
import { networkName } from "./chromium.ts";
import { openFakeTab, playRound, roomInfo, stagedLoss, stagedStep, tabStatus } from "./join-states.ts";
import type { FakeTab, TabOptions } from "./join-states.ts";
import type { Shot } from "./screenshots.ts";

interface JoinShot {
  readonly name: string;
  readonly view: TabOptions;
  readonly enter?: (tab: FakeTab) => Promise<void>;
}

const desk = { viewport: { width: 1_100, height: 800 } };
const phone = { viewport: { width: 360, height: 740 } };
const dark = { ...desk, colorScheme: "dark" } as const;

async function train(tab: FakeTab): Promise<void> {
  await tab.join();
  for (let round = 0; round < roomInfo.round; round += stagedStep) {
    tab.setRoom({ round, loss: stagedLoss(round) });
    // A page that is looked at again asks at once.
    const answer = tab.page.waitForResponse("**/api/rooms/*");
    await tab.setHidden(false);
    await answer;
    await playRound(tab, round);
  }
  tab.setRoom({});
  // The chart is drawn once a second, the room is asked for every other one.
  await tab.page.waitForTimeout(2_500);
  await tab.say({ type: "status", status: tabStatus() });
}

async function pauseRun(tab: FakeTab): Promise<void> {
  await train(tab);
  const still = { phase: "paused", upRate: 0, downRate: 0, samplesPerSecond: 0 } as const;
  await tab.say({ type: "status", status: tabStatus(still) });
}

const list: readonly JoinShot[] = [
  { name: "join-consent", view: desk },
  { name: "join-consent-dark", view: dark },
  { name: "join-consent-phone", view: phone },
  { name: "join-training", view: desk, enter: train },
  { name: "join-training-dark", view: dark, enter: train },
  { name: "join-training-phone", view: phone, enter: train },
  { name: "join-paused", view: desk, enter: pauseRun },
];

export const joinShots: readonly Shot[] = list.map(({ name, view, enter }) => ({
  name,
  async take(browser, file, t) {
    const { url } = await startServer(t);
    const tab = await openFakeTab(browser, networkName(url), { ...view, room: roomInfo });
    await tab.page.getByRole("button", { name: "Join", exact: true }).waitFor();
    await enter?.(tab);
    await tab.page.screenshot({ path: file, fullPage: true });
    if (tab.faults.length > 0) throw new Error(`${name}: ${tab.faults.join("; ")}`);
  },
}));
