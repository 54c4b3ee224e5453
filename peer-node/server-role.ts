/** What the commands need of the signaling server: roles do not import each other, shoal.ts hands it in. */
import type { Task } from "../shared/core/task.ts";
import type { ServerStatus } from "../shared/net/status.ts";
import type { DataSource } from "../shared/training/data/data-source.ts";
import type { revocationsBeside } from "./creator-key.ts";
import { CommandError, exitCodes, usageError } from "./exit-codes.ts";

export interface ServerOptions {
  /** Room name → the task that runs in it. */
  readonly tasks: Readonly<Record<string, Task>>;
  readonly host?: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly iceServers?: readonly string[];
  readonly turnSecret?: string;
  /** Where the files of data sets are, to hand them out. */
  readonly data?: DataSource | undefined;
  readonly seatsPerAddress?: number | undefined;
  readonly allowOrigins?: readonly string[] | undefined;
  readonly access?: Readonly<Record<string, "open" | "invite" | "closed">>;
  readonly creatorKey?: string | undefined;
  readonly revocations?: ReturnType<typeof revocationsBeside> | undefined;
  readonly log?: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  status(): ServerStatus;
  close(): Promise<void>;
}

/** Rejects with a `code` such as "EADDRINUSE" when it cannot listen. */
export type StartServer = (options: ServerOptions) => Promise<RunningServer>;

export function isPortTaken(error: unknown): boolean {
  return codeOf(error) === "EADDRINUSE";
}

/** The sentence for people when the server could not listen. */
export function listenError(error: unknown, port: number, host: string): unknown {
  const code = codeOf(error);
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return usageError(`--host (${host}): no address of this machine`);
  const what = listenFaults[code ?? ""];
  return what ? new CommandError(exitCodes.unreachable, `port (${port}): ${what} with --port`) : error;
}

const listenFaults: Partial<Record<string, string>> = {
  EADDRINUSE: "taken, choose another",
  EACCES: "needs more rights than this user has, choose one above 1023",
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
