/** `shoal serve`: a signaling server with one room, until Ctrl-C. */
import { lacksCredentials } from "../shared/net/ice-server.ts";
import { roomFault } from "../shared/net/room-fault.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import type { OptionValues } from "./cli-options.ts";
import type { serve } from "./commands.ts";
import { makeCreatorKey, revocationsBeside } from "./creator-key.ts";
import { checkedData, noData } from "./checked-data.ts";
import { exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { lanUrl } from "./lan-address.ts";
import { printable } from "./printable.ts";
import { checkRoomName, defaultRoom } from "./room-address.ts";
import { listenError } from "./server-role.ts";
import type { StartServer } from "./server-role.ts";
import { steadyLines } from "./steady-output.ts";
import { listenForStop } from "./stop-signals.ts";
import { defaultTask, loadTask } from "./task-source.ts";

type ServeOptions = OptionValues<typeof serve.options> & { readonly startServer: StartServer };

export async function runServe(options: ServeOptions): Promise<ExitCode> {
  const task = loadTask(options.task ?? defaultTask);
  const room = checkRoomName(options.room ?? defaultRoom);
  const { port = 8080, host = "0.0.0.0" } = options;
  if (options["print-task"]) {
    process.stdout.write(`${JSON.stringify(task, null, 2)}\n`);
    return exitCodes.done;
  }
  const fault = roomFault(task);
  if (fault !== undefined) throw usageError(`--task (${options.task}): ${fault}`);
  const iceServers = options["ice-server"] ?? [];
  const turnSecret = readTurnSecret(options["turn-secret"], iceServers);
  const { access, ...creator } = readCreator(options, room);
  const lines = steadyLines(process.stderr);
  // A stack keeps its lines.
  const log = (text: string) => lines.write(`${text.split("\n").map(printable).join("\n")}\n`);
  const data = await checkedData(task, options["data-dir"]);
  if (!data && needsFiles(task.data)) log(noData(task));
  const server = await options
    .startServer({
      tasks: { [room]: task },
      access: { [room]: access },
      seatsPerAddress: options["seats-per-address"],
      allowOrigins: options["allow-origin"],
      port,
      host,
      iceServers,
      ...turnSecret,
      ...creator,
      data,
      log,
    })
    .catch((error: unknown) => {
      throw listenError(error, port, host);
    });
  // Before it is announced: who reads the lines may end the server at once.
  const end = stopped();
  process.stdout.write(
    `room "${room}" trains ${task.name}: ${task.rounds} rounds, ${task.averaging} averaging\n` +
      `  page  ${pageAddresses(server.url, host)}\n` +
      `  join  ${joinCommand(server.url, room, host)}${access === "invite" ? "#invite=… (shoal invite)" : ""}\n` +
      `Ctrl-C ends the server.\n`,
  );
  await end;
  log("ending: peers train on without a server, nobody new can join");
  await server.close();
  return exitCodes.done;
}

function readCreator(options: ServeOptions, room: string) {
  const file = options["creator-key-file"];
  const creatorKey = makeCreatorKey(file);
  const { access = "open" } = options;
  if (access !== "open" && creatorKey === undefined)
    throw usageError(`--access (${access}): needs --creator-key-file, or nobody gets into room "${room}"`);
  return { access, creatorKey, revocations: file === undefined ? undefined : revocationsBeside(file) };
}

/** From the environment it is not seen in the list of processes. */
function readTurnSecret(option: string | undefined, iceServers: readonly string[]): { turnSecret?: string } {
  if (option === "")
    throw usageError("--turn-secret (nothing): must be the TURN server's static-auth-secret");
  const secret = option ?? process.env["SHOAL_TURN_SECRET"];
  const open = iceServers.find(lacksCredentials);
  // Browsers refuse to make any connection when one TURN server in the list comes without a password.
  if (!secret && open !== undefined)
    throw usageError(
      `--ice-server (${open}): needs turn:USER:PASSWORD@HOST:PORT, or --turn-secret (SHOAL_TURN_SECRET)`,
    );
  // Of the environment a server without TURN may know nothing.
  if (option !== undefined && open === undefined)
    throw usageError(
      "--turn-secret (…): needs a TURN server without a password, --ice-server turn:HOST:PORT",
    );
  return secret ? { turnSecret: secret } : {};
}

function stopped(): Promise<void> {
  return new Promise((resolve) => listenForStop({ onStop: resolve }));
}

/** What someone on another machine types. */
export function joinCommand(serverUrl: string, room: string, host = "0.0.0.0"): string {
  const url = lanUrl(serverUrl, host) ?? serverUrl;
  return `shoal join ${url}${room === defaultRoom ? "" : `/join/${room}`}`;
}

/** This machine's own first: only there browsers give a page on plain HTTP all they have. */
export function pageAddresses(serverUrl: string, host = "0.0.0.0"): string {
  const lan = lanUrl(serverUrl, host);
  return `${serverUrl}/${lan === undefined ? "" : `  on other devices ${lan}/`}`;
}
