/** The server of bench/signaling-load.ts in a process of its own (signaling-child.ts), from outside. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Figures {
  readonly residentBytes: number;
  /** Of the processor, since the process began. */
  readonly cpuMs: number;
  readonly sockets: number;
  readonly expelled: number;
}

export interface Server {
  readonly port: number;
  /** @param how after a collection of garbage, if not `as it is` */
  figures(how?: "as it is"): Promise<Figures>;
  kill(): Promise<void>;
}

/** As docs/operating.md tells whoever runs a server for a crowd: glibc gives back what that needed. */
const glibc = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TOP_PAD_: "0",
};
const childFile = fileURLToPath(new URL("signaling-child.js", import.meta.url));

/** @param socketsPerAddress what serve takes by default, if absent */
export async function startServer(port = 0, rooms = 1, socketsPerAddress?: number): Promise<Server> {
  const args = ["--expose-gc", childFile, String(port), String(rooms)];
  if (socketsPerAddress !== undefined) args.push(String(socketsPerAddress));
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...glibc, ...process.env },
  });
  if (!child.stdout || !child.stdin) throw new Error("the server's process has no pipes");
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  // Our own child's words.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const first = (await read()) as { port: number };
  return {
    port: first.port,
    async figures(how) {
      stdin.write(`${how ?? ""}\n`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return (await read()) as Figures;
    },
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
