/** Statistics of a W3C connection. It tells them in a promise; a link is asked at once, so answers are one question old. */
import type { LinkStats } from "./link.ts";

const candidateTypes = ["host", "srflx", "prflx", "relay"] as const;

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
  const type = byId.get(pair["localCandidateId"])?.["candidateType"];
  const candidateType = candidateTypes.find((candidate) => candidate === type);
  return {
    ...(typeof seconds === "number" ? { rttMs: seconds * 1000 } : {}),
    ...(candidateType ? { candidateType } : {}),
  };
}
