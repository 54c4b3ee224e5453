/**
 * Network namespaces by name, through iproute2. Everything is synchronous: the commands take milliseconds,
 * and what cleans up on `process.exit` cannot wait. Names carry the pid of the process that made them, so
 * that what a killed process left behind is told from what a living one uses.
 */
import { spawnSync } from "node:child_process";

const prefix = "shoal";
let labs = 0;

/** A prefix for the namespaces of one more lab of this process. */
export function nextLabName(): string {
  labs += 1;
  return `${prefix}-${process.pid}-${labs}`;
}

/** @throws Error with the command and what it said */
export function command(program: string, args: readonly string[], input?: string): string {
  const done = spawnSync(program, args, { encoding: "utf8", ...(input === undefined ? {} : { input }) });
  if (done.status === 0) return done.stdout;
  throw new Error(`${program} ${args.join(" ")}: ${done.error?.message ?? done.stderr.trim()}`);
}

/** The same inside a namespace. */
export function commandIn(namespace: string, program: string, args: readonly string[]): string {
  return command("ip", ["netns", "exec", namespace, program, ...args]);
}

/** Several `ip` commands inside a namespace. */
export function ipIn(namespace: string, lines: readonly string[]): void {
  command("ip", ["-n", namespace, "-batch", "-"], lines.join("\n"));
}

export function addNamespace(name: string): void {
  command("ip", ["netns", "add", name]);
  ipIn(name, ["link set lo up"]);
}

/** Also takes the namespace's interfaces and the far ends of their cables. Never throws. */
export function deleteNamespace(name: string): void {
  spawnSync("ip", ["netns", "del", name]);
}

function namespaces(): readonly string[] {
  const list = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout ?? "";
  return list.split("\n").flatMap((line) => line.split(" ")[0] ?? []);
}

/** Removes what processes that were killed left behind, and the processes they left in it. */
export function sweepLeftovers(): void {
  for (const name of namespaces()) {
    const pid = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const inside = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" }).stdout ?? "";
    for (const orphan of inside.split("\n").filter(Boolean)) kill(Number(orphan));
    deleteNamespace(name);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
