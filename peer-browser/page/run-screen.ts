/** What is shown while the tab trains. Draws nothing while nobody looks; the worker goes on all the same. */
import { byId, element, setText } from "../../shared/page/element.ts";
import type { Power, TabPhase, TabStatus } from "../tab-messages.ts";
import { createBackendView } from "./backend-view.ts";
import { createFigures } from "./figures.ts";
import { createLossChart } from "./loss-chart.ts";
import { createPeersView } from "./peers-view.ts";
import type { RoomInfo } from "./room-info.ts";
import { createSegments } from "./segments.ts";
import { phaseExplained, phaseInWords, phaseTitles, powers } from "./words.ts";

export interface RunScreen {
  show(power: Power): void;
  hide(): void;
  status(status: TabStatus): void;
  room(info: RoomInfo): void;
}

export interface RunControls {
  onPause(): void;
  onResume(): void;
  onStop(): void;
  onPower(power: Power): void;
}

/** Single rounds are noisy: the curve shows the mean of so many. */
const steadyRounds = 10;
const recentMs = 2_000;
/** Of the chart: it changes slowly. */
const drawEveryMs = 1_000;

export function createRunScreen(controls: RunControls): RunScreen {
  const pause = byId("pause");
  const stop = byId("stop");
  const progress = element("progress", { max: "1", value: "0", "aria-label": "Rounds done" });
  byId("progress").replaceWith(progress);
  const power = createSegments<Power>(byId("power-now"), powers, "medium", controls.onPower);
  const showFigures = createFigures();
  const showBackend = createBackendView();
  const showPeers = createPeersView();
  let chart = createLossChart(byId("chart"));
  let newest: TabStatus | undefined;
  let roomInfo: RoomInfo | undefined;
  let seen: readonly { readonly phase: TabPhase; readonly atMs: number }[] = [];
  let drawnMs = -drawEveryMs;
  /** As the button says: the worker's word, or the person's until it comes. */
  let isPaused = false;

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    showPaused();
    if (isPaused) controls.onPause();
    else controls.onResume();
  });
  stop.addEventListener("click", () => {
    setText(stop, "Stopping …");
    stop.setAttribute("disabled", "");
    controls.onStop();
  });
  document.addEventListener("visibilitychange", draw);

  function showPaused(): void {
    setText(pause, isPaused ? "Resume" : "Pause");
  }

  function draw(): void {
    if (!newest || document.hidden) return;
    const { round, rounds, phase } = newest;
    setText(byId("phase"), phaseInWords(newest, new Set(seen.map((it) => it.phase))));
    setText(byId("phase-why"), phaseExplained(newest));
    byId("run").dataset["phase"] = phase;
    showPaused();
    progress.value = rounds === 0 ? 0 : round / rounds;
    showFigures(newest, roomInfo);
    showPeers(newest.peers);
    showBackend(newest.backend);
    if (performance.now() - drawnMs < drawEveryMs) return;
    drawnMs = performance.now();
    chart.draw();
  }

  return {
    show(chosen) {
      newest = undefined;
      seen = [];
      drawnMs = -drawEveryMs;
      chart = createLossChart(byId("chart"));
      setText(byId("phase"), phaseTitles.connecting);
      setText(byId("phase-why"), "Asking the server to be let in.");
      isPaused = false;
      showPaused();
      setText(stop, "Stop");
      stop.removeAttribute("disabled");
      power.choose(chosen);
      byId("run").hidden = false;
    },
    hide() {
      byId("run").hidden = true;
    },
    status(status) {
      newest = status;
      isPaused = status.phase === "paused";
      const atMs = performance.now();
      seen = [...seen.filter((it) => it.atMs > atMs - recentMs), { phase: status.phase, atMs }];
      if (status.loss !== null) chart.addOwn({ round: status.round, loss: steadyLoss(status) });
      draw();
    },
    room(info) {
      roomInfo = info;
      if (info.loss !== null) chart.addRoom({ round: info.round, loss: info.loss });
    },
  };
}

function steadyLoss({ loss, losses }: TabStatus): number {
  const newest = losses.slice(-steadyRounds);
  return newest.length === 0 ? (loss ?? 0) : newest.reduce((sum, value) => sum + value, 0) / newest.length;
}
