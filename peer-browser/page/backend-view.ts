/** Which processor was chosen and why; what was tried, for those who want to know. */
import { byId, element } from "../../shared/page/element.ts";
import { milliseconds } from "../../shared/page/format.ts";
import type { BackendReport, BackendTrial } from "../../shared/training/backend-report.ts";

export function createBackendView(): (report: BackendReport | null) => void {
  const target = byId("backend");
  let shown = "";
  return (report) => {
    const key = JSON.stringify(report);
    if (key === shown) return;
    shown = key;
    target.replaceChildren(
      ...(report ? described(report) : [element("p", { class: "quiet" }, "Trying out …")]),
    );
  };
}

function described({ title, why, trials }: BackendReport): HTMLElement[] {
  const chosen = [element("p", {}, element("strong", {}, title)), element("p", {}, why)];
  if (trials.length === 0) return chosen;
  const tried = trials.map((trial) => element("li", {}, trialInWords(trial)));
  const list = element("ul", { class: "trials" }, ...tried);
  return [...chosen, element("details", {}, element("summary", {}, "What was tried"), list)];
}

function trialInWords({ name, stepMs, note }: BackendTrial): string {
  const time = stepMs === null ? "did not start" : `${milliseconds(stepMs)} a step`;
  return note === null ? `${name}: ${time}` : `${name}: ${time} (${note})`;
}
