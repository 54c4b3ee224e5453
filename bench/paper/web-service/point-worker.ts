/** A thread that runs scenarios, one after the other. */
import { parentPort } from "node:worker_threads";
import { run } from "./network/run.ts";
import type { Scenario } from "./network/run.ts";

parentPort?.on("message", (scenario: Scenario) => parentPort?.postMessage(run(scenario), []));
