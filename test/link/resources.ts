/** What processes hold at the moment: the leak test compares two of these. */
import { existsSync, readFileSync, readdirSync } from "node:fs";

export interface Resources {
  readonly bytes: number;
  readonly descriptors: number;
}

/** Linux only; elsewhere our own memory has to do. */
export function resourcesOf(pids: readonly number[]): Resources {
  if (!existsSync("/proc/self/fd")) return { bytes: process.memoryUsage.rss(), descriptors: 0 };
  const each = pids.map(resourcesOfOne);
  return {
    bytes: each.reduce((sum, { bytes }) => sum + bytes, 0),
    descriptors: each.reduce((sum, { descriptors }) => sum + descriptors, 0),
  };
}

function resourcesOfOne(pid: number): Resources {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return { bytes: Number(kilobytes ?? 0) * 1_024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { bytes: 0, descriptors: 0 }; // It has ended.
  }
}
