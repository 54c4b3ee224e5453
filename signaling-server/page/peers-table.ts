/** The table of peers: one row per peer, changed in place. */
import type { PeerStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "./element.ts";
import { bytes, compact, count, loss, percent } from "./format.ts";

interface Column {
  readonly label: string;
  readonly className?: string;
  readonly title?: string;
  readonly text: (peer: PeerStatus) => string;
}

const columns: readonly Column[] = [
  { label: "Name", className: "text name", text: ({ name }) => name },
  { label: "Backend", className: "text backend", text: ({ backend }) => backend },
  { label: "Kind", className: "text", text: ({ kind }) => kind },
  { label: "State", className: "text", text: ({ state }) => state },
  { label: "Round", text: ({ round }) => count(round) },
  { label: "Samples/s", text: (peer) => compact(peer.samplesPerSecond) },
  { label: "Loss", text: (peer) => loss(peer.loss) },
  { label: "Accuracy", text: ({ accuracy }) => percent(accuracy) },
  {
    label: "Not counted",
    title: "Share of the fragments meant for this peer that did not count: lost, late, unsent or rejected",
    text: ({ dropRate }) => percent(dropRate),
  },
  { label: "Up", text: ({ bytesSent }) => bytes(bytesSent) },
  { label: "Down", text: ({ bytesReceived }) => bytes(bytesReceived) },
];

export function createPeersTable(): (peers: readonly PeerStatus[]) => void {
  const body = element("tbody");
  const titles = columns.map(({ label, className = "", title = "" }) =>
    element("th", { scope: "col", class: className, title }, label),
  );
  byId("peers").append(element("thead", {}, element("tr", {}, ...titles)), body);
  const rows = new Map<string, HTMLTableRowElement>();

  function addRow(peerId: string): HTMLTableRowElement {
    const cells = columns.map(({ label, className = "", title = "" }) =>
      element("td", { class: className, title, "data-label": label }),
    );
    const row = element("tr", {}, ...cells);
    rows.set(peerId, row);
    body.append(row);
    return row;
  }

  return (peers) => {
    for (const [peerId, row] of rows) {
      if (peers.some((peer) => peer.peerId === peerId)) continue;
      row.remove();
      rows.delete(peerId);
    }
    for (const peer of peers) fill(rows.get(peer.peerId) ?? addRow(peer.peerId), peer);
  };
}

function fill(row: HTMLTableRowElement, peer: PeerStatus): void {
  row.classList.toggle("member", peer.member);
  for (const [index, { text }] of columns.entries()) {
    const cell = row.cells[index];
    if (cell) setText(cell, text(peer));
  }
}
