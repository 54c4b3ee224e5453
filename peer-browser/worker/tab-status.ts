/** A peer's snapshot as the page shows it. */
import type { PeerSnapshot } from "../../shared/net/report.ts";
import type { TabStatus } from "../tab-messages.ts";
import type { BackendReport } from "../../shared/training/backend-report.ts";

/** The page draws no more of them. */
const maxLosses = 120;

export function tabStatus(now: PeerSnapshot, rounds: number, backend: BackendReport | null): TabStatus {
  const { report } = now;
  return {
    phase: now.phase,
    round: report.round,
    rounds,
    members: now.members,
    loss: report.loss ?? null,
    accuracy: report.validation?.accuracy ?? null,
    losses: now.losses.slice(-maxLosses),
    samples: report.samples,
    samplesPerSecond: report.samplesPerSecond,
    roundMsP50: report.roundMsP50 ?? null,
    upRate: now.upRate,
    downRate: now.downRate,
    peers: now.peers,
    backend,
  };
}
