/** The fault table, in the order in which it is printed. */
import type { Row } from "../row.ts";
import { deathRows } from "./deaths.ts";
import { networkRows } from "./network.ts";
import { serverRows } from "./server.ts";

export const rows: readonly Row[] = [...deathRows, ...networkRows, ...serverRows];
