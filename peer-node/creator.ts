/** `shoal invite`, `shoal revoke`, `shoal room`: what the holder of the creator's key does with a room. */
import type { OptionValues } from "./cli-options.ts";
import type { invite, revoke, room } from "./commands.ts";
import { readCreatorKey } from "./creator-key.ts";
import { CommandError, exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { printable } from "./printable.ts";
import { parseRoomAddress, withoutInvite } from "./room-address.ts";
import { loadTask } from "./task-source.ts";

/** How the server's role signs: roles do not import each other, shoal.ts hands it in. */
export interface CreatorSigning {
  invite(key: string, room: string, untilSeconds: number): string;
  /** The `Authorization` header of a command. */
  command(key: string, room: string, body: string, unixSeconds: number): string;
}

const defaultHours = 7 * 24;
const timeLimitMs = 8_000;
const unixSeconds = () => Date.now() / 1000;

/** Signed here: the server need not run. */
export function runInvite(
  url: string,
  options: OptionValues<typeof invite.options> & { readonly sign: CreatorSigning },
): ExitCode {
  const { server, room: name } = parseRoomAddress(url);
  const key = keyOf(options["creator-key-file"]);
  const until = unixSeconds() + (options.hours ?? defaultHours) * 3_600;
  process.stdout.write(`${server}/join/${name}#invite=${options.sign.invite(key, name, until)}\n`);
  process.stderr.write(
    `for room "${name}"; the server was not asked whether it has that room and this key\n`,
  );
  return exitCodes.done;
}

export async function runRevoke(
  link: string,
  options: OptionValues<typeof revoke.options> & { readonly sign: CreatorSigning },
): Promise<ExitCode> {
  const { server, room: name, invite: token } = parseRoomAddress(link);
  if (token === undefined)
    throw usageError(`LINK (${withoutInvite(link)}): has no invite, …/join/ROOM#invite=…`);
  await command(server, options, { do: "revoke", room: name, invite: token });
  process.stdout.write(`revoked: who came to "${name}" with this invite is out\n`);
  return exitCodes.done;
}

export async function runRoom(
  url: string,
  options: OptionValues<typeof room.options> & { readonly sign: CreatorSigning },
): Promise<ExitCode> {
  const { server, room: name } = parseRoomAddress(url);
  const { access, task } = options;
  if (task === undefined && access === undefined)
    throw usageError("--task or --access (nothing): says what to do with the room");
  const to = access ?? "invite";
  const asked =
    task === undefined
      ? { do: "access", room: name, access: to }
      : { do: "create", room: name, access: to, task: loadTask(task) };
  await command(server, options, asked);
  process.stdout.write(`room "${name}" ${task === undefined ? "is" : "is there,"} ${words[to]}\n`);
  return exitCodes.done;
}

const words = { open: "open to everybody", invite: "by invite", closed: "closed to newcomers" } as const;

async function command(
  server: string,
  options: { readonly "creator-key-file": string | undefined; readonly sign: CreatorSigning },
  asked: { readonly do: string; readonly room: string; readonly [more: string]: unknown },
): Promise<void> {
  const key = keyOf(options["creator-key-file"]);
  const body = JSON.stringify(asked);
  const response = await fetch(`${server}/api/creator`, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      Authorization: options.sign.command(key, asked.room, body, unixSeconds()),
    },
    signal: AbortSignal.timeout(timeLimitMs),
  }).catch(() => undefined);
  if (!response) throw new CommandError(exitCodes.unreachable, `server (${server}): can't be reached`);
  if (response.ok) return;
  const said = response.status === 404 ? "it takes no creator's commands" : await sentenceOf(response);
  throw new CommandError(exitCodes.refused, `server (${server}): ${printable(said)}`);
}

const longestSentence = 1_000;

async function sentenceOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  return typeof said === "string" ? said.slice(0, longestSentence) : `it says ${response.status}`;
}

function keyOf(file: string | undefined): string {
  const key = readCreatorKey(file);
  if (key !== undefined) return key;
  throw usageError(
    "--creator-key-file (nothing): names the file with the server's key (or SHOAL_CREATOR_KEY)",
  );
}
