/**
 * The others: a drawing (this tab in the middle, everybody as a dot, further away the longer a round trip
 * takes) and the same as a table, which is what screen readers get.
 */
import { byId, element, setText } from "../../shared/page/element.ts";
import { milliseconds, percent } from "../../shared/page/format.ts";
import type { TabPeer } from "../tab-messages.ts";
import { svg } from "./svg.ts";

const size = 220;
const middle = size / 2;
const nearest = 38;
const farthest = 96;
/** A round trip that is drawn at the rim. */
const farMs = 400;
/** Above it a dot is drawn as one that loses much. */
const muchLost = 0.05;

const columns: readonly { readonly label: string; readonly text: (peer: TabPeer) => string }[] = [
  { label: "Name", text: ({ name }) => name },
  { label: "What", text: ({ kind }) => (kind === "browser" ? "tab" : "program") },
  { label: "Round trip", text: ({ state, rttMs }) => (state === "open" ? milliseconds(rttMs) : state) },
  { label: "Not counted", text: ({ dropRate }) => percent(dropRate) },
];

export function createPeersView(): (peers: readonly TabPeer[]) => void {
  const dots = svg("g");
  const self = svg("circle", { class: "self", cx: middle, cy: middle, r: 9 });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${size} ${size}`, class: "dots", "aria-hidden": "true" },
    dots,
    self,
  );
  const body = element("tbody");
  const heads = columns.map(({ label }) => element("th", { scope: "col" }, label));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
  const scroll = element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Participants" },
    table,
  );
  const legend = element(
    "p",
    { class: "quiet small" },
    "Middle: this tab. The further away a dot, the longer the way there and back; ",
    element("span", { class: "losing" }, "ringed"),
    ": more than 5 % of its packets did not count.",
  );
  const nobody = element("p", { class: "quiet" }, "Nobody else yet. Send somebody the link below.");
  byId("peers").replaceChildren(nobody, element("div", { class: "crowd" }, drawing, scroll), legend);

  return (peers) => {
    nobody.hidden = peers.length > 0;
    legend.hidden = peers.length === 0;
    scroll.hidden = peers.length === 0;
    drawing.classList.toggle("alone", peers.length === 0);
    dots.replaceChildren(...peers.flatMap((peer, index) => dot(peer, (index / peers.length) * 2 * Math.PI)));
    fillRows(body, peers);
  };
}

function dot(peer: TabPeer, angle: number): SVGElement[] {
  const away =
    nearest + (farthest - nearest) * Math.min(1, Math.log1p(peer.rttMs ?? farMs) / Math.log1p(farMs));
  const cx = middle + away * Math.sin(angle);
  const cy = middle - away * Math.cos(angle);
  const isLosing = (peer.dropRate ?? 0) > muchLost;
  return [
    svg("line", { class: `link ${peer.state}`, x1: middle, y1: middle, x2: cx, y2: cy }),
    svg("circle", { class: `peer ${peer.state}${isLosing ? " losing" : ""}`, cx, cy, r: 7 }),
  ];
}

function fillRows(body: HTMLTableSectionElement, peers: readonly TabPeer[]): void {
  while (body.rows.length > peers.length) body.deleteRow(-1);
  for (const [index, peer] of peers.entries()) {
    const row = body.rows[index] ?? body.appendChild(emptyRow());
    for (const [column, { text }] of columns.entries()) {
      const cell = row.cells[column];
      if (cell) setText(cell, text(peer));
    }
  }
}

function emptyRow(): HTMLTableRowElement {
  return element("tr", {}, ...columns.map(({ label }) => element("td", { "data-label": label })));
}
