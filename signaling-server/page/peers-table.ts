/** The table of peers: one row per peer, changed in place. */
import type { PeerStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { compact, count, milliseconds, percent, rate, unknown } from "../../shared/page/format.ts";
import { sentShares } from "./link-figures.ts";

/** What of a row is not in the peer's own report. */
interface Place {
  readonly number: number;
  /** Of what it sends, what did not count where it was meant for. */
  readonly upShare: number | null;
}

interface Column {
  readonly label: string;
  readonly className?: string;
  readonly title?: string;
  readonly text: (peer: PeerStatus, place: Place) => string;
}

const states: Readonly<Record<PeerStatus["state"], string>> = {
  lobby: "just joined",
  connecting: "connecting",
  listening: "catching up",
  training: "training",
  paused: "paused",
};

const notCounted = "lost, late, unsent or rejected, since its links opened";

const columns: readonly Column[] = [
  {
    label: "No.",
    className: "number",
    title: "Its number in the loss matrix",
    text: (_, { number }) => `${number}`,
  },
  { label: "Name", className: "text name", text: ({ name }) => name },
  { label: "Kind", className: "text", text: ({ kind }) => kind },
  { label: "Backend", className: "text backend", text: ({ backend }) => backend },
  { label: "State", className: "text", text: ({ state }) => states[state] ?? state },
  { label: "Round", text: ({ round }) => count(round) },
  { label: "Lag", title: "Rounds behind the newest one", text: ({ lag }) => count(lag) },
  { label: "Samples/s", text: (peer) => compact(peer.samplesPerSecond) },
  { label: "Accuracy", text: ({ accuracy }) => percent(accuracy) },
  { label: "Up", text: ({ upRate }) => rate(upRate) },
  { label: "Down", text: ({ downRate }) => rate(downRate) },
  {
    label: "RTT",
    title: "Round-trip time, the middle one of its links",
    text: ({ rttMs }) => milliseconds(rttMs),
  },
  {
    label: "Path",
    className: "text",
    title:
      "Its least direct link: host (direct), srflx or prflx (direct through a router), relay (TURN server)",
    text: ({ candidateType }) => candidateType ?? unknown,
  },
  {
    label: "Up not counted",
    className: "share",
    title: `Of what it sends: the share of the fragments that did not count at the others (${notCounted}). Its row in the loss matrix`,
    text: (_, { upShare }) => percent(upShare),
  },
  {
    label: "Down not counted",
    className: "share",
    title: `Of what the others send it: the share of the fragments that did not count here (${notCounted}). Its column in the loss matrix`,
    text: ({ dropRate }) => percent(dropRate),
  },
];

export function createPeersTable(): (peers: readonly PeerStatus[]) => void {
  const body = element("tbody");
  const titles = columns.map(({ label, className = "", title = "" }) =>
    element("th", { scope: "col", class: className, ...(title ? { title } : {}) }, label),
  );
  byId("peers").append(element("thead", {}, element("tr", {}, ...titles)), body);
  const rows = new Map<string, HTMLTableRowElement>();

  function addRow(peerId: string): HTMLTableRowElement {
    const cells = columns.map(({ label, className = "" }) =>
      element("td", { class: className, "data-label": label }),
    );
    const row = element("tr", {}, ...cells);
    rows.set(peerId, row);
    body.append(row);
    return row;
  }

  return (peers) => {
    const present = new Set(peers.map(({ peerId }) => peerId));
    for (const [peerId, row] of rows) {
      if (present.has(peerId)) continue;
      row.remove();
      rows.delete(peerId);
    }
    const shares = sentShares(peers);
    for (const [at, peer] of peers.entries()) {
      const place = { number: at + 1, upShare: shares.get(peer.peerId) ?? null };
      fill(rows.get(peer.peerId) ?? addRow(peer.peerId), peer, place);
    }
  };
}

function fill(row: HTMLTableRowElement, peer: PeerStatus, place: Place): void {
  row.classList.toggle("member", peer.member);
  for (const [index, { text }] of columns.entries()) {
    const cell = row.cells[index];
    if (cell) setText(cell, text(peer, place));
  }
}
