/**
 * RPS (Yu et al., Distributed Learning over Unreliable Networks, ICML 2019, Algorithm 1): the *models* are
 * averaged. Each peer takes its local step, v_i = x_i − γ·g_i, and sends every fragment of v_i once to that
 * fragment's owner; the owner averages what arrived and sends the average once to everybody; what does not
 * arrive keeps v_i. An error made by a lost fragment is overwritten by the next exchange: that is why it
 * converges as if the network were reliable.
 */
import { createMean } from "./mean.ts";
import type { AveragingRule } from "./rule.ts";

export function rps(maxFragmentValues: number): AveragingRule {
  return {
    name: "rps",
    channel: "unreliable",
    ownersFor: "round",
    outgoing: (_before, after) => after,
    reduce: createMean(maxFragmentValues),
    incoming: (_before, exchanged) => exchanged,
  };
}
