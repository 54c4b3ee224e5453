/**
 * The live feed of the status page: a namespace of its own, so that watchers never mix with peers. The
 * first snapshot is whole; later ones carry only the new points of the curves. Nobody watches: no work; many
 * do: one snapshot a second, and one text for all who may see the same rooms.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Namespace } from "socket.io";
import type { Clock } from "../shared/core/clock.ts";
import type { ServerStatus } from "../shared/net/status.ts";
import { guardEvents } from "./events.ts";
import type { GuardOptions } from "./events.ts";
import { inviteIn } from "./gate.ts";
import type { Gate } from "./gate.ts";

export interface WatcherEvents {
  status(status: ServerStatus): void;
}

export interface WatchersOptions extends Omit<GuardOptions, "rules"> {
  readonly clock: Clock;
  readonly status: () => ServerStatus;
  readonly gate: Gate;
}

const everyMs = 1_000;
/** Sees the open rooms, then. */
const showsNothing = ({ cookie, authorization }: IncomingHttpHeaders) =>
  cookie === undefined && authorization === undefined;
const noRules: GuardOptions["rules"] = () => new Map();

/** Returns how to stop. */
export function serveWatchers(
  namespace: Namespace<Record<string, never>, WatcherEvents & { refused(refusal: object): void }>,
  options: WatchersOptions,
): () => void {
  let last: ServerStatus | null = null;
  let cancel = options.clock.after(everyMs, beat);

  function beat(): void {
    cancel = options.clock.after(everyMs, beat);
    if (namespace.sockets.size === 0) {
      last = null;
      return;
    }
    const now = options.status();
    const news = last ? sinceThen(now, last) : now;
    for (const { socketIds, status } of audiences(news)) namespace.to(socketIds).emit("status", status);
    last = now;
  }

  /** Watchers by what they may see: each such text is written once, whatever cookies they send. */
  function audiences(news: ServerStatus) {
    const bySight = new Map<string, { readonly socketIds: string[]; readonly status: ServerStatus }>();
    const open = visibleTo(news, options.gate, {});
    for (const socket of namespace.sockets.values()) {
      const { headers } = socket.handshake;
      const status = showsNothing(headers) ? open : visibleTo(news, options.gate, headers);
      const sight = status.rooms.map(({ room }) => room).join(" ");
      const audience = bySight.get(sight);
      if (audience) audience.socketIds.push(socket.id);
      else bySight.set(sight, { socketIds: [socket.id], status });
    }
    return bySight.values();
  }

  namespace.on("connection", (socket) => {
    guardEvents(socket, { ...options, rules: noRules });
    const { headers } = socket.handshake;
    // What the next beat's news begin from.
    last ??= options.status();
    socket.emit("status", visibleTo(last, options.gate, headers));
  });
  return () => cancel();
}

/** Without the rooms that the one who asks may not know of. */
function visibleTo(status: ServerStatus, gate: Gate, headers: IncomingHttpHeaders): ServerStatus {
  const rooms = status.rooms.filter(({ room }) => gate.mayLook(room, inviteIn(headers, room)));
  return rooms.length === status.rooms.length ? status : { ...status, rooms };
}

/** `now` with only the points that `last` does not have; the page skips those it knows already. */
function sinceThen(now: ServerStatus, last: ServerStatus): ServerStatus {
  const rooms = now.rooms.map((room) => {
    const newest = last.rooms.find(({ room: name }) => name === room.room)?.history.at(-1)?.t ?? -1;
    return { ...room, history: room.history.filter(({ t }) => t > newest) };
  });
  return { ...now, rooms };
}
