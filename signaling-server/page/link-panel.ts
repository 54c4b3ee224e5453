/** What is behind one cell of the matrix, in words; nothing selected: all links of the room together. */
import { dropCauses, dropShare } from "../../shared/core/drops.ts";
import type { RoomStatus } from "../../shared/net/status.ts";
import { offenceWords } from "../../shared/net/offence-words.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { count, milliseconds, percent, unknown } from "../../shared/page/format.ts";
import { createDropsList } from "./drops-list.ts";
import type { LinkFigures } from "./link-figures.ts";

/** How the two ends reach each other (the kinds of ICE candidates). */
const paths = {
  host: "direct (host)",
  srflx: "direct through a router (srflx)",
  prflx: "direct through a router (prflx)",
  relay: "relayed by a TURN server (relay)",
} as const;

export interface LinkPanel {
  showRoom(room: RoomStatus): void;
  /** Null: the room again. */
  select(link: LinkFigures | null): void;
}

export function createLinkPanel(): LinkPanel {
  const showDrops = createDropsList(byId("drops"));
  const facts = byId("link-facts");
  const values = ["Round trip", "Path", "Connections", "State"].map((label) => {
    const value = element("dd");
    facts.append(element("dt", {}, label), value);
    return value;
  });
  let room: RoomStatus | null = null;
  let selected: LinkFigures | null = null;

  function show(): void {
    const title = selected ? `${selected.sender.name} → ${selected.receiver.name}` : "All links together";
    setText(byId("link-title"), title);
    const { drops, received } = selected ?? room ?? {};
    if (!drops || received === undefined) return;
    setText(byId("link-share"), percent(dropShare(received, drops)));
    showDrops(drops, received);
    facts.hidden = selected === null;
    for (const [at, text] of factsOf(selected).entries()) {
      const value = values[at];
      if (value) setText(value, text);
    }
  }

  return {
    showRoom(now) {
      room = now;
      show();
    },
    select(link) {
      selected = link;
      show();
    },
  };
}

function factsOf(link: LinkFigures | null): readonly string[] {
  if (!link) return [];
  const { rttMs, candidateType, lanes, state, muted } = link.report;
  return [
    milliseconds(rttMs ?? null),
    candidateType ? paths[candidateType] : unknown,
    lanes === undefined ? unknown : count(lanes),
    muted ? `${state}, muted: ${offenceWords[muted]}` : state,
  ];
}

/** The same for a screen reader, in one go. */
export function linkSentence(link: LinkFigures): string {
  const { sender, receiver, share, drops, received } = link;
  const causes = dropCauses.filter((cause) => drops[cause] > 0).map((cause) => `${drops[cause]} ${cause}`);
  const counts = [`${received} counted`, ...causes].join(", ");
  const [roundTrip, path] = factsOf(link);
  return `${sender.name} to ${receiver.name}: ${percent(share)} not counted; ${counts}; round trip ${roundTrip}, ${path}`;
}
