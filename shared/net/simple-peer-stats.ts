/** Statistics of a W3C connection. It tells them in a promise; a link is asked at once, so answers are one question old. */
import { leastDirect } from "./candidate-type.ts";
import type { LinkStats } from "./link.ts";

export function createStatsReader(read: () => Promise<LinkStats>): () => LinkStats {
  let known: LinkStats = {};
  let asking = false;

  async function refresh(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      known = await read();
    } catch {
      // The connection is closing; what we know stands.
    }
    asking = false;
  }
  return () => {
    void refresh();
    return known;
  };
}

export function summariseStats(report: RTCStatsReport): LinkStats {
  const byId = new Map<unknown, Record<string, unknown>>();
  report.forEach((entry: Record<string, unknown>) => byId.set(entry["id"], entry));
  const pair = [...byId.values()].find(
    (entry) =>
      entry["type"] === "candidate-pair" && entry["nominated"] === true && entry["state"] === "succeeded",
  );
  if (!pair) return {};
  const seconds = pair["currentRoundTripTime"];
  const ends = [pair["localCandidateId"], pair["remoteCandidateId"]];
  const candidateType = leastDirect(ends.map((id) => byId.get(id)?.["candidateType"]));
  return {
    ...(typeof seconds === "number" ? { rttMs: seconds * 1000 } : {}),
    ...(candidateType ? { candidateType } : {}),
  };
}
