/**
 * The same exchange with *gradients* (the local update v_i − x_i), the paper's Figure 5: a missing one is
 * replaced by the peer's own. Errors are never overwritten, so replicas drift apart: it breaks at 1 % loss.
 * Here to be compared with, not to be used.
 */
import { createMean } from "./mean.ts";
import type { AveragingRule } from "./rule.ts";

export function gradient(maxFragmentValues: number): AveragingRule {
  return {
    name: "gradient",
    channel: "unreliable",
    ownersFor: "round",
    exchangesUpdates: true,
    outgoing: (before, after) => combine(after, before, -1),
    reduce: createMean(maxFragmentValues),
    incoming: (before, exchanged) => combine(before, exchanged, 1),
  };
}

function combine(a: Float32Array, b: Float32Array, factor: 1 | -1): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] ?? 0) + factor * (b[i] ?? 0);
  return out;
}
