/** What runs in the labs come to, as it is read again. */
import * as v from "valibot";
import type { RunFigures } from "../../test/labs/run-figures.ts";
import { measured } from "./kept-file.ts";
import type { SharedRun } from "./web-lab/shared-run.ts";
import type { WebFigures } from "./web-lab/web-load.ts";

const drops = v.object({
  lost: v.number(),
  late: v.number(),
  stale: v.number(),
  unsent: v.number(),
  rejected: v.number(),
});

export const runFigures: v.GenericSchema<unknown, RunFigures> = v.object({
  accuracies: v.array(measured),
  losses: v.array(measured),
  accuracy: measured,
  loss: measured,
  rounds: measured,
  roundMsP50: measured,
  roundMsP99: measured,
  cycleMs: measured,
  averagedShare: measured,
  sent: v.number(),
  received: v.number(),
  drops,
  deliveredShare: measured,
  seconds: v.number(),
});

const web = v.object({
  messages: v.number(),
  failed: v.number(),
  meanMs: measured,
  p50Ms: measured,
  p99Ms: measured,
});

export const webFigures: v.GenericSchema<unknown, WebFigures> = web;

export const sharedRunFigures: v.GenericSchema<unknown, SharedRun> = v.object({
  web: v.object({ ...web.entries, bytes: v.number(), kernelDropped: measured }),
  learned: v.object({
    lost: measured,
    drops,
    kernelDropped: measured,
    accuracy: measured,
    validationLoss: measured,
    cycleMs: measured,
    roundMs: measured,
    bytes: v.number(),
  }),
});
