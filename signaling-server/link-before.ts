import type { LinkReport } from "../shared/net/messages.ts";

/**
 * What the report before said of the link that stands at `index` now. Peers list their links in one order, so
 * it stands there nearly always: looking for each of them would take longer than all else about a report.
 */
export function linkBefore(
  before: readonly LinkReport[],
  { peerId }: LinkReport,
  index: number,
): LinkReport | undefined {
  const old = before[index];
  return old?.peerId === peerId ? old : before.find((link) => link.peerId === peerId);
}
