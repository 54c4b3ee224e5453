/** A server that is killed under thousands of members, and how long until they have their rooms back. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { limits } from "../shared/net/messages.ts";
import { startServer } from "./signaling-server.ts";

const membersFile = fileURLToPath(new URL("signaling-members.js", import.meta.url));
const processes = 2;
const downMs = 3_000;
/** Eight times the bar. */
const longestMs = 120_000;

async function within<T>(ms: number, late: Error, what: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms);
  });
  try {
    return await Promise.race([what, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** A part of the members (signaling-members.ts): what it says, line by line. */
function startMembers(port: number, rooms: readonly string[]) {
  const args = [membersFile, String(port), ...rooms];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    watch: () => child.stdin.write("\n"),
    /** When it says so, on our clock. */
    async says(word: string): Promise<number> {
      const { value }: { readonly value?: unknown } = await lines.next();
      if (value !== word) throw new Error(`members said ${String(value)}, not ${word}`);
      return performance.now();
    },
    async end() {
      const gone = once(child, "exit");
      child.stdin.end();
      await gone;
    },
  };
}

/**
 * SIGKILL, 3 s without a server, and back: how long from its start until all members are in their rooms again,
 * and until each has a view of its whole room. All come from one address, which may have so many.
 */
export async function measureRestart(count: number) {
  const { membersPerRoom } = limits;
  const rooms = Math.ceil(count / membersPerRoom);
  let server = await startServer(0, rooms, count);
  const { port } = server;
  const sizes = Array.from({ length: rooms }, (_, room) =>
    Math.min(membersPerRoom, count - room * membersPerRoom),
  );
  const names = sizes.map((size, room) => `room-${room}:${size}`);
  const crowds = Array.from({ length: processes }, (_, at) =>
    startMembers(
      port,
      names.filter((_name, room) => room % processes === at),
    ),
  );
  const allSay = async (word: string) => {
    const late = new Error(`not all of ${count} members were ${word} after ${longestMs / 1_000} s`);
    return Math.max(...(await within(longestMs, late, Promise.all(crowds.map((crowd) => crowd.says(word))))));
  };
  await allSay("in");
  const cpuBefore = (await server.figures("as it is")).cpuMs;
  const secondsBefore = 10;
  await new Promise((resolve) => setTimeout(resolve, 1_000 * secondsBefore));
  const busy = ((await server.figures("as it is")).cpuMs - cpuBefore) / (1_000 * secondsBefore);
  const load = loadavg()[0] ?? NaN;
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, downMs));
  for (const crowd of crowds) crowd.watch();
  await allSay("away");
  const startedAt = performance.now();
  server = await startServer(port, rooms, count);
  const listensMs = Math.round(performance.now() - startedAt);
  const joinedMs = Math.round((await allSay("joined")) - startedAt);
  const allBackMs = Math.round((await allSay("in")) - startedAt);
  const { cpuMs, residentBytes } = await server.figures("as it is");
  for (const crowd of crowds) await crowd.end();
  await server.kill();
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  console.log(
    `restart: ${count} members of ${rooms} rooms; the server listens ${seconds(listensMs)} s after its start, all have ` +
      `joined after ${seconds(joinedMs)} s and are in views of their whole rooms after ${seconds(allBackMs)} s, for ` +
      `${seconds(cpuMs)} s of its processor; before that their reports took ${(100 * busy).toFixed(0)} % of it; ` +
      `load ${load.toFixed(1)}`,
  );
  return { count, rooms, listensMs, joinedMs, allBackMs, cpuMs, residentBytes, busy, load };
}
