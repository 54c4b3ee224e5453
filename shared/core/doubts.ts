/** Whom a peer has reason to doubt at a round's end, where strangers may lie: what the three checks found. */
import { createAudit } from "./audit.ts";
import type { Audit } from "./audit.ts";
import type { Reduce } from "./averaging/rule.ts";
import type { Offence } from "./conduct.ts";
import { createContributionCheck } from "./contribution-check.ts";
import type { ContributionCheck } from "./contribution-check.ts";
import type { Encoding } from "./encoding.ts";
import type { Neighbor } from "./neighbor.ts";
import { createOwnerCheck } from "./owner-check.ts";
import type { Rng } from "./rng.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

interface Doubt {
  readonly peerId: string;
  readonly offence: Offence;
}

export interface Doubts {
  readonly contributionCheck: ContributionCheck;
  /** Absent where the task has none. */
  readonly audit: Audit | undefined;
  /** The round is over and its result is `values`: draws in place what is too far away. */
  judge(slot: RoundSlot, values: Float32Array): readonly Doubt[];
}

export function createDoubts(deps: {
  readonly shape: SlotShape;
  readonly exchangesUpdates: boolean;
  readonly audit: number;
  readonly encoding: Encoding;
  readonly reduce: Reduce;
  readonly rng: Rng;
  readonly neighborAt: (slot: RoundSlot, seat: number) => Neighbor | undefined;
}): Doubts {
  const contributionCheck = createContributionCheck(deps.shape, deps.exchangesUpdates);
  const ownerCheck = createOwnerCheck(deps.shape);
  const audit = deps.audit > 0 ? createAudit({ ...deps, share: deps.audit }) : undefined;
  return {
    contributionCheck,
    audit,
    judge(slot, values) {
      const doubt = (offence: Offence) => (peerId: string) => ({ peerId, offence });
      const idOf = (seat: number) => slot.view.members[seat] ?? "";
      return [
        ...ownerCheck.apply(slot, values).map(idOf).map(doubt("owner")),
        ...contributionCheck.tooFar(slot, values).map(idOf).map(doubt("contribution")),
        ...(audit?.roundOver(slot) ?? []).map(doubt("audit")),
      ];
    },
  };
}
