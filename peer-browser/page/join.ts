/**
 * The join page: consent, then a run of this tab, then its end. One thing is on screen at a time; what each
 * shows is in its own file. Nothing runs or connects before the click.
 */
import { byId, moveFocus, setText } from "../../shared/page/element.ts";
import { watchBattery } from "./battery.ts";
import { createBatteryPause } from "./battery-pause.ts";
import { createConsent } from "./consent.ts";
import type { Consent } from "./consent.ts";
import { createEndScreen } from "./end-screen.ts";
import { awaitTurn, takeTurn } from "./lone-tab.ts";
import type { Turn } from "./lone-tab.ts";
import { missingHere } from "./missing.ts";
import { createNotices } from "./notices.ts";
import { fetchRoom, roomOf } from "./room-info.ts";
import type { RoomInfo } from "./room-info.ts";
import { createRetry } from "./retry.ts";
import { createRunScreen } from "./run-screen.ts";
import { showShare } from "./share.ts";
import { startRun } from "./tab-run.ts";
import type { Ended, TabRun } from "./tab-run.ts";
import { createTrySection } from "./try-section.ts";
import { skillInWords } from "./words.ts";

const roomEveryMs = 2_000;
/** After the end: its model may come later, and others go on. */
const roomAfterEndMs = 5_000;

const room = roomOf(location.pathname);
const consent = createConsent((wanted) => {
  chosen = wanted;
  void join(wanted);
});
const screen = createRunScreen({
  onPause() {
    isWanted = false;
    batteryPause.pressed(true);
    run?.tell({ type: "pause" });
  },
  onResume() {
    isWanted = true;
    batteryPause.pressed(false);
    run?.tell({ type: "resume" });
  },
  onStop() {
    isWanted = false;
    run?.tell({ type: "stop" });
  },
  onPower(power) {
    chosen &&= { ...chosen, power };
    run?.tell({ type: "power", power });
  },
});
const end = createEndScreen(() => void begin());
const notices = createNotices();
const batteryPause = createBatteryPause({
  pause: () => run?.tell({ type: "pause" }),
  resume: () => run?.tell({ type: "resume" }),
  notice: (text) => notices.add(text),
});
const showTry = createTrySection(room);
/** Whoever left a tab to train has said so once. */
const retry = createRetry(() => chosen && void join(chosen));
let chosen: Consent | undefined;
/** Neither paused nor stopped by hand. */
let isWanted = false;
let beganMs = 0;
/** Goes up when what was asked for before is not wanted any more. */
let asked = 0;
/** What is being trained, once the server has said so. */
let skill = "";
let run: TabRun | undefined;
let turn: Turn | undefined;
let queue: AbortController | undefined;
let roomTimer: ReturnType<typeof setTimeout> | undefined;

async function begin(): Promise<void> {
  retry.cancel();
  end.hide();
  setText(byId("title"), "Train a model together");
  const lack = missingHere();
  const answer = await fetchRoom(room);
  if (!answer.ok || lack !== undefined) {
    end.show("This tab can't join", answer.ok ? (lack ?? "") : answer.reason, "Try again");
    return;
  }
  consent.show(answer.info);
  onRoom(answer.info);
  if (answer.info.isFinished) end.show("This run is over", overInWords(answer.info), undefined);
}

function onRoom(info: RoomInfo): void {
  document.title = `${info.room} · Shoal`;
  skill = `Together you are training a model that ${skillInWords(info.task)}.`;
  screen.room(info);
  showTry(info);
}

const overInWords = (info: RoomInfo) =>
  info.model
    ? "You can still try what was learned."
    : `A model that ${skillInWords(info.task)} was trained here.`;

// ---- the one click ---------------------------------------------------------------------------------------

async function join(wanted: Consent): Promise<void> {
  consent.hide();
  end.hide();
  const asking = (asked += 1);
  let given = await takeTurn();
  if (!given && asking === asked) given = await waitInQueue();
  // The page went meanwhile, to the back/forward cache: it asks for consent again when it comes back.
  if (asking !== asked) return given?.end();
  if (!given) return begin();
  turn = given;
  start(wanted);
}

/** Undefined: the person does not want to wait. */
async function waitInQueue(): Promise<Turn | undefined> {
  byId("queue").hidden = false;
  byId("queue-title").focus();
  queue = new AbortController();
  const given = await awaitTurn(queue.signal);
  queue = undefined;
  byId("queue").hidden = true;
  return given;
}

function start(wanted: Consent): void {
  beganMs = performance.now();
  isWanted = true;
  notices.clear();
  screen.show(wanted.power);
  setText(byId("lead"), skill);
  setText(byId("title"), "Your tab takes part");
  moveFocus(byId("title"));
  run = startRun(
    { room, ...wanted },
    {
      onNews(news) {
        if (news.type === "status") screen.status(news.status);
        else if (news.type === "notice") notices.add(news.text);
        else notices.add(`${news.was} broke down (${news.why}): another processor takes over.`);
      },
      onEnd,
    },
  );
  batteryPause.begin();
}

function onEnd(ended: Ended): void {
  leave();
  setText(byId("title"), "Train a model together");
  const isRetried = ended.mayPass && isWanted;
  end.showEnded(ended, isRetried ? retry.after(performance.now() - beganMs) : undefined);
  void watchRoom();
}

/** Back to where nothing runs; another tab may have its turn. */
function leave(): void {
  run = undefined;
  turn?.end();
  turn = undefined;
  batteryPause.end();
  setText(byId("banner"), "");
  byId("banner").hidden = true;
  screen.hide();
}

// ---- what happens around the run -------------------------------------------------------------------------

byId("queue-cancel").addEventListener("click", () => queue?.abort());

addEventListener("pagehide", () => {
  asked += 1;
  queue?.abort();
  retry.cancel();
  run?.abandon();
  leave();
});
/** From the back/forward cache: the run ended when the page went, and consent is asked for again. */
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) void begin();
});

addEventListener("offline", () => onNetwork(false));
addEventListener("online", () => onNetwork(true));

function onNetwork(isOnline: boolean): void {
  if (!run) return;
  run.tell({ type: "network", isOnline });
  setText(byId("banner"), "This device is offline. The tab rejoins by itself when the network is back.");
  byId("banner").hidden = isOnline;
}

void watchBattery(batteryPause.battery);

/** What the room is like now: during a run, and after it, when a model may be there to try. */
async function watchRoom(): Promise<void> {
  clearTimeout(roomTimer);
  if ((run || end.isShown) && !document.hidden) {
    const answer = await fetchRoom(room);
    if (answer.ok) onRoom(answer.info);
  }
  clearTimeout(roomTimer);
  roomTimer = setTimeout(() => void watchRoom(), end.isShown ? roomAfterEndMs : roomEveryMs);
}

document.addEventListener("visibilitychange", () => void watchRoom());

// With the invite that this tab came with: who was invited may invite.
showShare(`${location.origin}/join/${room}${location.hash}`);
byId("status-link").setAttribute("href", `/?room=${encodeURIComponent(room)}`);
void begin();
void watchRoom();
