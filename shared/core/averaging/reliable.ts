/**
 * The same exchange on ordered, reliable channels: what everybody else does. Nothing is lost; under loss
 * everybody waits for retransmissions instead. Here to show the price of waiting.
 */
import type { AveragingRule } from "./rule.ts";
import { rps } from "./rps.ts";

export function reliable(maxFragmentValues: number): AveragingRule {
  return { ...rps(maxFragmentValues), name: "reliable", channel: "reliable" };
}
