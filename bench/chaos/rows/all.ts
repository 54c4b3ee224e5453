/** The fault table, in the order in which it is printed. */
import type { Row } from "../row.ts";
import type { Group } from "../table.ts";
import { churnRows } from "./churn.ts";
import { deathRows } from "./deaths.ts";
import { hostileRows } from "./hostile.ts";
import { checkpointRows, inputRows } from "./input.ts";
import { liarRows } from "./liars.ts";
import { networkRows } from "./network.ts";
import { serverRows } from "./server.ts";
import { slownessRows } from "./slowness.ts";
import { socketRows } from "./sockets.ts";
import { tabAwayRows } from "./tabs-away.ts";
import { tabRows } from "./tabs.ts";

export const groups: readonly Group[] = [
  {
    heading: "What breaks",
    rows: [...deathRows, ...churnRows, ...networkRows, ...serverRows, ...slownessRows],
  },
  { heading: "What is remembered", rows: checkpointRows },
  { heading: "Strangers", rows: [...socketRows, ...inputRows, ...hostileRows] },
  { heading: "Liars", rows: liarRows },
  { heading: "With tabs", rows: [...tabRows, ...tabAwayRows] },
];

export const rows: readonly Row[] = groups.flatMap((group) => group.rows);
