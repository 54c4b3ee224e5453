/** Why a peer is muted, for people. */
import type { Offence } from "../core/conduct.ts";

export const offenceWords: Readonly<Record<Offence, string>> = {
  malformed: "packets that make no sense",
  notFinite: "values that are not finite",
  tooLarge: "values too large for any model",
  notOwed: "fragments that were not its to send",
  duplicate: "the same fragments again and again",
  owner: "averages far from everybody's values",
  contribution: "values far from everybody else's",
  audit: "averages that what went into them does not explain",
};
