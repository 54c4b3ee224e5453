/**
 * Loaded into a process with `--import`: appends to the file SHOAL_HELD, every few seconds, a line of what the
 * process holds on to. After a collection: what is still there then is meant to be.
 */
import { appendFileSync, existsSync, readdirSync } from "node:fs";
import * as v8 from "node:v8";
import vm from "node:vm";
import { isMainThread } from "node:worker_threads";

const file = process.env["SHOAL_HELD"];
const everyMs = 2_000;
const openFiles = "/proc/self/fd";

if (file !== undefined && isMainThread) {
  v8.setFlagsFromString("--expose-gc");
  const collect: unknown = vm.runInNewContext("gc");
  setInterval(() => {
    if (typeof collect === "function") collect();
    const { rss, heapUsed } = process.memoryUsage();
    const active = process.getActiveResourcesInfo();
    const held = {
      rss,
      heap: heapUsed,
      timers: active.filter((name) => name === "Timeout").length,
      handles: existsSync(openFiles) ? readdirSync(openFiles).length : active.length,
    };
    appendFileSync(file, `${JSON.stringify(held)}\n`);
  }, everyMs).unref();
}
