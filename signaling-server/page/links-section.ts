/** How the links do: the matrix while it can be read, else the worst links; and the panel beside it. */
import type { RoomStatus } from "../../shared/net/status.ts";
import { byId, element } from "../../shared/page/element.ts";
import { maxMatrixPeers, steps } from "./link-figures.ts";
import { createLinkMatrix } from "./link-matrix.ts";
import { createLinkPanel } from "./link-panel.ts";
import { createWorstLinks } from "./worst-links.ts";

export function createLinksSection(): (room: RoomStatus) => void {
  const panel = createLinkPanel();
  const showMatrix = createLinkMatrix(panel.select);
  const showWorst = createWorstLinks();
  addLegend();
  return (room) => {
    const isMatrix = room.peers.length <= maxMatrixPeers;
    byId("links").hidden = room.peers.length < 2;
    byId("matrix-part").hidden = !isMatrix;
    byId("worst-part").hidden = isMatrix;
    panel.showRoom(room);
    if (isMatrix) showMatrix(room.peers);
    else showWorst(room.peers);
  };
}

function addLegend(): void {
  const bounds = ["0", ...steps.map((from) => `${Number((from * 100).toFixed(1))}`)];
  const swatches = bounds.map((from, step) => {
    const to = bounds[step + 1];
    return element(
      "li",
      {},
      element("span", { class: `swatch s${step}` }),
      to ? `${from}–${to}` : `over ${from}`,
    );
  });
  const closed = element("li", {}, element("span", { class: "swatch closed" }), "link closed");
  byId("legend").append(...swatches, closed);
}
