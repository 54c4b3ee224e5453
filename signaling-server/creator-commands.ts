/**
 * POST /api/creator: what only the holder of the creator's key may do. The key never travels: a command is
 * signed together with its body, is good for a minute, and is taken once.
 */
import { createHash } from "node:crypto";
import express from "express";
import type { RequestHandler, Response } from "express";
import * as v from "valibot";
import { describeIssue } from "../shared/core/parse.ts";
import { parseTask } from "../shared/core/task.ts";
import { roomNameSchema } from "../shared/net/messages.ts";
import { roomFault } from "../shared/net/room-fault.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import { inviteIn, roomAccesses } from "./gate.ts";
import type { Gate } from "./gate.ts";
import type { Hosts } from "./hosts.ts";
import { longestToken, readToken, signToken } from "./invite-token.ts";

const commandSchema = v.variant("do", [
  v.strictObject({
    do: v.literal("create"),
    room: roomNameSchema,
    access: v.picklist(roomAccesses),
    task: v.unknown(),
  }),
  v.strictObject({ do: v.literal("access"), room: roomNameSchema, access: v.picklist(roomAccesses) }),
  v.strictObject({
    do: v.literal("revoke"),
    room: roomNameSchema,
    invite: v.pipe(v.string(), v.maxLength(longestToken)),
  }),
]);
export type CreatorCommand = v.InferOutput<typeof commandSchema>;

const commandSeconds = 60;
/** Commands that are remembered for that time, so that none is taken twice. */
const maxTaken = 1_000;
const maxBody = "64kb";

const purposeOf = (body: string) => `command ${createHash("sha256").update(body).digest("hex")}`;

/** The `Authorization` header that makes `body` a command. */
export function signCommand(key: string, room: string, body: string, unixSeconds: number): string {
  return `Bearer ${signToken(key, purposeOf(body), { room, untilSeconds: unixSeconds + commandSeconds })}`;
}

export interface CreatorOptions {
  readonly key: string;
  readonly hosts: Hosts;
  readonly gate: Gate;
  readonly unixSeconds: () => number;
  /** An invite is worth nothing any more: who came with it goes. */
  readonly onRevoked: (inviteId: string) => void;
}

export function serveCreator(options: CreatorOptions): RequestHandler[] {
  const taken = new Map<string, number>();

  function isSigned(header: string | undefined, room: string, body: string): boolean {
    const now = options.unixSeconds();
    for (const [id, until] of taken) if (until <= now) taken.delete(id);
    const token = readToken(options.key, purposeOf(body), inviteIn({ authorization: header }, room), now);
    if (!token || token.room !== room || taken.has(token.id) || taken.size >= maxTaken) return false;
    taken.set(token.id, token.untilSeconds);
    return true;
  }

  /** Why not, in a sentence; null when it is done. */
  function act(command: CreatorCommand): string | null {
    if (command.do === "create") return create(command);
    if (command.do === "revoke") return revoke(command);
    if (!options.hosts.has(command.room)) return `there is no room "${command.room}"`;
    options.gate.setAccess(command.room, command.access);
    return null;
  }

  function create({ room, access, task: given }: Extract<CreatorCommand, { do: "create" }>): string | null {
    const task = readTask(given);
    if (typeof task === "string") return task;
    if (options.hosts.has(room)) return `there is a room "${room}" already`;
    // Before anybody can come in.
    options.gate.setAccess(room, access);
    return options.hosts.add(room, task) ?? null;
  }

  function revoke({ invite }: Extract<CreatorCommand, { do: "revoke" }>): string | null {
    const id = options.gate.revoke(invite);
    if (id === undefined) return "this is no invite of this server, or it has ended";
    options.onRevoked(id);
    try {
      options.gate.keepRevoked();
      return null;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `the invite is revoked, but a restart of the server will forget that (${why}): revoke it again`;
    }
  }

  function answer(response: Response, header: string | undefined, body: unknown): void {
    const command = typeof body === "string" ? parse(body) : "a command has a body";
    const text = typeof body === "string" ? body : "";
    // Before anything is said about its contents: the answers are the creator's.
    const room = typeof command === "string" ? "" : command.room;
    if (!isSigned(header, room, text)) return refuse(response, 403, "only the creator's key opens this");
    if (typeof command === "string") return refuse(response, 400, command);
    const fault = act(command);
    if (fault === null) response.status(204).end();
    else refuse(response, 409, fault);
  }

  return [
    express.text({ type: "application/json", limit: maxBody }),
    (request, response) => answer(response, request.headers.authorization, request.body),
  ];
}

function parse(body: string): CreatorCommand | string {
  try {
    const result = v.safeParse(commandSchema, JSON.parse(body));
    return result.success ? result.output : describeIssue(result.issues[0]);
  } catch {
    return "a command is JSON";
  }
}

function readTask(given: unknown) {
  try {
    const task = parseTask(given);
    if (!needsFiles(task.data)) return roomFault(task) ?? task;
    return "a task whose data are files begins with the server: shoal serve --task";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(response: Response, code: number, sentence: string): void {
  response
    .status(code)
    .set("Cache-Control", "no-store")
    .json({ error: `${sentence}.` });
}
