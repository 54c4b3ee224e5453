/** Watches what links lose and asks for more connections where it is worth it. */
import type { LinkReport } from "./messages.ts";

export interface Widening {
  /** Once a second: the peers whose links should be widened now. */
  due(links: readonly LinkReport[]): readonly string[];
}

/** A link is judged on this many fragments, and again after as many more. */
const judgedOn = 200;
const toleratedShare = 0.03;

export function createWidening(): Widening {
  const seen = new Map<string, { received: number; missing: number }>();

  function isDue(link: LinkReport): boolean {
    const now = { received: link.received, missing: link.drops.lost + link.drops.late + link.drops.unsent };
    const before = seen.get(link.peerId) ?? { received: 0, missing: 0 };
    const missing = now.missing - before.missing;
    const judged = missing + now.received - before.received;
    if (judged >= 0 && judged < judgedOn) return false;
    seen.set(link.peerId, now);
    return missing > toleratedShare * judged;
  }

  return {
    due(links) {
      const open = links.filter((link) => link.state === "open");
      for (const peerId of seen.keys()) if (!open.some((link) => link.peerId === peerId)) seen.delete(peerId);
      return open.filter(isDue).map((link) => link.peerId);
    },
  };
}
