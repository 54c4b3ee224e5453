/** In place of the matrix when there are too many peers for one: how links are in general, and the worst. */
import type { PeerStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { count, milliseconds, percent, unknown } from "../../shared/page/format.ts";
import { linkSummary } from "./link-figures.ts";
import type { LinkFigures } from "./link-figures.ts";

const howMany = 12;
const labels = ["From", "To", "Not counted", "Round trip", "Path"];

export function createWorstLinks(): (peers: readonly PeerStatus[]) => void {
  const sentence = byId("quantiles");
  const titles = labels.map((label, at) =>
    element("th", { scope: "col", ...(at < 2 ? { class: "text" } : {}) }, label),
  );
  const body = element("tbody");
  byId("worst").append(element("thead", {}, element("tr", {}, ...titles)), body);

  return (peers) => {
    const summary = linkSummary(peers, howMany);
    if (!summary) {
      setText(sentence, "No link has reported yet.");
      body.replaceChildren();
      return;
    }
    const { p50, p90, p99, most } = summary.quantiles;
    setText(
      sentence,
      `Of ${count(summary.count)} directions half lose at most ${percent(p50)}, nine of ten at most ` +
        `${percent(p90)}, 99 of 100 at most ${percent(p99)}; the worst one loses ${percent(most)}.`,
    );
    for (const [at, link] of summary.worst.entries()) fill(body.rows[at] ?? addRow(body), link);
    while (body.rows.length > summary.worst.length) body.deleteRow(-1);
  };
}

function addRow(body: HTMLTableSectionElement): HTMLTableRowElement {
  const cells = labels.map((label, at) =>
    element("td", { "data-label": label, ...(at < 2 ? { class: "text who" } : {}) }),
  );
  const row = element("tr", {}, ...cells);
  body.append(row);
  return row;
}

function fill(row: HTMLTableRowElement, { sender, receiver, share, report }: LinkFigures): void {
  const texts = [
    sender.name,
    receiver.name,
    percent(share),
    milliseconds(report.rttMs ?? null),
    report.candidateType ?? unknown,
  ];
  for (const [at, text] of texts.entries()) {
    const cell = row.cells[at];
    if (cell) setText(cell, text);
  }
}
