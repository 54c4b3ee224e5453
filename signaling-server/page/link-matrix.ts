/**
 * The loss matrix: rows send, columns receive. A real table with headers, one tab stop, arrow keys move.
 * Cells are changed in place; the table is made anew only when somebody comes or goes.
 */
import type { PeerStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { cellText, linkMatrix, stepOf } from "./link-figures.ts";
import type { LinkFigures } from "./link-figures.ts";
import { linkSentence } from "./link-panel.ts";

interface Place {
  readonly row: number;
  readonly column: number;
}
type Selected = (link: LinkFigures | null) => void;

export function createLinkMatrix(onSelect: Selected): (peers: readonly PeerStatus[]) => void {
  const table = byId("matrix");
  const head = element("thead");
  const body = element("tbody");
  table.append(head, body);
  let cells: HTMLTableCellElement[][] = [];
  let links: (LinkFigures | null)[][] = [];
  let shown: readonly PeerStatus[] = [];
  /** The tab stop; stays when the pointer has gone. */
  let stop: Place = { row: 0, column: 1 };
  let pointed: Place | null = null;

  function rebuild(peers: readonly PeerStatus[]): void {
    const hadFocus = table.contains(document.activeElement);
    const from = shown[stop.row]?.peerId;
    const to = shown[stop.column]?.peerId;
    const titles = peers.map(({ name }, index) =>
      element("th", { scope: "col", role: "columnheader", title: name }, `${index + 1}`, unseen(` ${name}`)),
    );
    head.replaceChildren(element("tr", { role: "row" }, corner(), ...titles));
    cells = peers.map((_, row) => peers.map((__, column) => emptyCell(row === column)));
    body.replaceChildren(
      ...peers.map(({ name }, row) =>
        element("tr", { role: "row" }, rowTitle(row + 1, name), ...(cells[row] ?? [])),
      ),
    );
    table.dataset["size"] = peers.length > 16 ? "small" : peers.length > 8 ? "medium" : "large";
    shown = peers;
    const place = (peerId: string | undefined, otherwise: number) => {
      const found = peers.findIndex((peer) => peer.peerId === peerId);
      return found >= 0 ? found : Math.min(otherwise, peers.length - 1);
    };
    pointed = null;
    moveTo({ row: place(from, 0), column: place(to, 1) }, hadFocus);
  }

  function moveTo(place: Place, withFocus: boolean): void {
    const old = cells[stop.row]?.[stop.column];
    if (old) old.tabIndex = -1;
    stop = place;
    const cell = cells[place.row]?.[place.column];
    if (!cell) return;
    cell.tabIndex = 0;
    label();
    if (withFocus) cell.focus();
  }

  /** Only the tab stop has the whole sentence: a thousand of them a second would be work for nobody. */
  function label(): void {
    cells[stop.row]?.[stop.column]?.setAttribute("aria-label", sentenceAt(stop));
  }

  function sentenceAt({ row, column }: Place): string {
    const link = links[row]?.[column];
    if (link) return linkSentence(link);
    const [sender, receiver] = [shown[row]?.name ?? "", shown[column]?.name ?? ""];
    return row === column ? `${sender} itself` : `${sender} to ${receiver}: nothing known`;
  }

  function select(): void {
    const place = pointed ?? (table.contains(document.activeElement) ? stop : null);
    for (const title of table.querySelectorAll("th.on")) title.classList.remove("on");
    if (place) {
      head.rows[0]?.cells[place.column + 1]?.classList.add("on");
      body.rows[place.row]?.cells[0]?.classList.add("on");
    }
    onSelect(place ? (links[place.row]?.[place.column] ?? null) : null);
  }

  function placeOf(target: EventTarget | null): Place | null {
    const cell = target instanceof Element ? target.closest("td") : null;
    const row = cell?.parentElement instanceof HTMLTableRowElement ? cell.parentElement.sectionRowIndex : -1;
    return cell && row >= 0 ? { row, column: cell.cellIndex - 1 } : null;
  }

  table.addEventListener("pointerover", ({ target }) => {
    pointed = placeOf(target);
    select();
  });
  table.addEventListener("pointerleave", () => {
    pointed = null;
    select();
  });
  table.addEventListener("focusin", ({ target }) => {
    const place = placeOf(target);
    if (place) moveTo(place, false);
    select();
  });
  table.addEventListener("focusout", () => queueMicrotask(select));
  table.addEventListener("keydown", (event) => {
    const place = moved(event.key, stop, shown.length);
    if (!place) return;
    event.preventDefault();
    pointed = null;
    moveTo(place, true);
  });

  return (peers) => {
    links = linkMatrix(peers);
    const same = peers.length === shown.length && peers.every((peer, at) => isSame(peer, shown[at]));
    if (same) shown = peers;
    else rebuild(peers);
    for (const [row, line] of links.entries()) {
      for (const [column, link] of line.entries()) fill(cells[row]?.[column], link);
    }
    label();
    select();
  };
}

function isSame(peer: PeerStatus, old: PeerStatus | undefined): boolean {
  return peer.peerId === old?.peerId && peer.name === old.name;
}

function corner(): HTMLTableCellElement {
  return element("th", { scope: "col", role: "columnheader", class: "corner" }, "from ↓\u2002to →");
}

function rowTitle(number: number, name: string): HTMLTableCellElement {
  const attributes = { scope: "row", role: "rowheader", title: name };
  return element("th", attributes, element("span", { class: "seat" }, `${number}`), ` ${name}`);
}

function emptyCell(isSelf: boolean): HTMLTableCellElement {
  return element("td", { role: "gridcell", tabindex: "-1", ...(isSelf ? { class: "self" } : {}) });
}

function unseen(text: string): HTMLElement {
  return element("span", { class: "unseen" }, text);
}

function fill(cell: HTMLTableCellElement | undefined, link: LinkFigures | null): void {
  if (!cell || cell.className === "self") return;
  const share = link?.share ?? null;
  const colour = link?.report.state === "closed" ? "closed" : share === null ? "" : `s${stepOf(share)}`;
  if (cell.className !== colour) cell.className = colour;
  setText(cell, cellText(share));
}

function moved(key: string, { row, column }: Place, size: number): Place | null {
  const last = size - 1;
  const targets: Partial<Record<string, Place>> = {
    ArrowUp: { row: Math.max(0, row - 1), column },
    ArrowDown: { row: Math.min(last, row + 1), column },
    ArrowLeft: { row, column: Math.max(0, column - 1) },
    ArrowRight: { row, column: Math.min(last, column + 1) },
    Home: { row, column: 0 },
    End: { row, column: last },
  };
  return targets[key] ?? null;
}
