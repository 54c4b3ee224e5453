/**
 * The join page: consent, then a run of this tab, then its end. One thing is on screen at a time; what each
 * shows is in its own file. Nothing runs or connects before the click.
 */
import { byId, setText } from "../../shared/page/element.ts";
import { watchBattery } from "./battery.ts";
import { createConsent } from "./consent.ts";
import type { Consent } from "./consent.ts";
import { createEndScreen } from "./end-screen.ts";
import { awaitTurn, takeTurn } from "./lone-tab.ts";
import type { Turn } from "./lone-tab.ts";
import { missingHere } from "./missing.ts";
import { createNotices } from "./notices.ts";
import { fetchRoom, roomOf } from "./room-info.ts";
import type { RoomInfo } from "./room-info.ts";
import { createRunScreen } from "./run-screen.ts";
import { showShare } from "./share.ts";
import { startRun } from "./tab-run.ts";
import type { Ended, TabRun } from "./tab-run.ts";
import { createTrySection } from "./try-section.ts";
import { skillInWords } from "./words.ts";

const roomEveryMs = 2_000;

const room = roomOf(location.pathname);
const consent = createConsent((chosen) => void join(chosen));
const screen = createRunScreen({
  onPause: () => run?.tell({ type: "pause" }),
  onResume: () => run?.tell({ type: "resume" }),
  onStop: () => run?.tell({ type: "stop" }),
  onPower: (power) => run?.tell({ type: "power", power }),
});
const end = createEndScreen(() => void begin());
const notices = createNotices();
const showTry = createTrySection(room);
/** What is being trained, once the server has said so. */
let skill = "";
let run: TabRun | undefined;
let turn: Turn | undefined;
let queue: AbortController | undefined;
/** Whether it was us who paused, and not the person. */
let isPausedForBattery = false;

async function begin(): Promise<void> {
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

async function join(chosen: Consent): Promise<void> {
  consent.hide();
  turn = await takeTurn();
  if (!turn) {
    turn = await waitInQueue();
    if (!turn) return begin();
  }
  start(chosen);
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

function start(chosen: Consent): void {
  notices.clear();
  screen.show(chosen.power);
  setText(byId("lead"), skill);
  setText(byId("title"), "Your tab takes part");
  byId("title").focus();
  run = startRun(
    { room, ...chosen },
    {
      onNews(news) {
        if (news.type === "status") screen.status(news.status);
        else if (news.type === "notice") notices.add(news.text);
        else notices.add(`${news.was} broke down (${news.why}): another processor takes over.`);
      },
      onEnd,
    },
  );
}

function onEnd(ended: Ended): void {
  leave();
  setText(byId("title"), "Train a model together");
  end.showEnded(ended);
}

/** Back to where nothing runs; another tab may have its turn. */
function leave(): void {
  run = undefined;
  turn?.end();
  turn = undefined;
  isPausedForBattery = false;
  setText(byId("banner"), "");
  byId("banner").hidden = true;
  screen.hide();
}

// ---- what happens around the run -------------------------------------------------------------------------

byId("queue-cancel").addEventListener("click", () => queue?.abort());

addEventListener("pagehide", () => {
  queue?.abort();
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

void watchBattery((isLow) => {
  if (isLow && run) {
    isPausedForBattery = true;
    run.tell({ type: "pause" });
    notices.add("Paused: the battery is below 20 %. It resumes when it charges, or when you press Resume.");
  } else if (isPausedForBattery) {
    isPausedForBattery = false;
    run?.tell({ type: "resume" });
    notices.add("Resumed: the battery charges.");
  }
});

async function watchRoom(): Promise<void> {
  if (run && !document.hidden) {
    const answer = await fetchRoom(room);
    if (answer.ok) onRoom(answer.info);
  }
  setTimeout(() => void watchRoom(), roomEveryMs);
}

showShare(`${location.origin}/join/${room}`);
byId("status-link").setAttribute("href", `/?room=${encodeURIComponent(room)}`);
void begin();
void watchRoom();
