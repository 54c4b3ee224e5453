/** The fault table, in the order in which it is printed. */
import type { Row } from "../row.ts";
import { churnRows } from "./churn.ts";
import { deathRows } from "./deaths.ts";
import { hostileRows } from "./hostile.ts";
import { networkRows } from "./network.ts";
import { serverRows } from "./server.ts";
import { slownessRows } from "./slowness.ts";
import { tabAwayRows } from "./tabs-away.ts";
import { tabRows } from "./tabs.ts";

export const rows: readonly Row[] = [
  ...deathRows,
  ...churnRows,
  ...networkRows,
  ...serverRows,
  ...slownessRows,
  ...hostileRows,
  ...tabRows,
  ...tabAwayRows,
];
