/**
 * The live feed of the status page: a namespace of its own, so that watchers never mix with peers. The first
 * snapshot has what the page draws of the last hour; later ones carry only the new points of the curves.
 * Nobody watches: no work; many do: one text a second for all who may see the same rooms, and about one more
 * for all who are new.
 */
import type { Namespace } from "socket.io";
import type { Clock } from "../shared/core/clock.ts";
import type { ServerEvents } from "../shared/net/messages.ts";
import type { ServerStatus } from "../shared/net/status.ts";
import { clientOf } from "./client-address.ts";
import { guardEvents } from "./events.ts";
import type { GuardOptions } from "./events.ts";
import type { Gate, Sight } from "./gate.ts";
import { lastHour } from "./room-history.ts";
import { createSeatShares } from "./seat-shares.ts";

export interface WatcherEvents extends Pick<ServerEvents, "refused"> {
  status(status: ServerStatus): void;
}

export interface WatchersOptions extends Omit<GuardOptions, "rules"> {
  readonly clock: Clock;
  readonly status: () => ServerStatus;
  readonly gate: Pick<Gate, "sightOf">;
  readonly maxWatchers?: number;
  readonly watchersPerAddress?: number;
}

const everyMs = 1_000;
/** Each is told something every second. */
const defaultWatchers = 2_048;
/** A class that looks on. */
const defaultWatchersPerAddress = 128;
const noRules: GuardOptions["rules"] = () => new Map();

/** Returns how to stop. */
export function serveWatchers(
  namespace: Namespace<Record<string, never>, WatcherEvents>,
  options: WatchersOptions,
): () => void {
  const { clock, gate, counters, maxWatchers = defaultWatchers } = options;
  const { watchersPerAddress = defaultWatchersPerAddress } = options;
  const places = createSeatShares(watchersPerAddress, () => false);
  /** By the id of their socket. Invites are read when one comes, and no more. */
  const watchers = new Map<string, Sight>();
  /** Who has been told nothing yet. */
  const newcomers = new Map<string, Sight>();
  let last: ServerStatus | null = null;
  let welcomedMs = -Infinity;
  let cancel = clock.after(everyMs, beat);

  function beat(): void {
    cancel = clock.after(everyMs, beat);
    if (watchers.size + newcomers.size === 0) {
      last = null;
      return;
    }
    const now = options.status();
    if (last) tell(watchers, sinceThen(now, last));
    last = now;
    if (newcomers.size > 0) welcome(now);
  }

  function welcome(now: ServerStatus): void {
    welcomedMs = clock.now();
    // What the next beat's news begin from; points that come twice are skipped by the page.
    last ??= now;
    tell(newcomers, inShort(now));
    for (const [id, sees] of newcomers) watchers.set(id, sees);
    newcomers.clear();
  }

  /** Each text is written once, whatever cookies were sent. */
  function tell(those: ReadonlyMap<string, Sight>, status: ServerStatus): void {
    const sights = new Map<Sight, string>();
    const audiences = new Map<string, string[]>();
    for (const [id, sees] of those) {
      const sight = sights.get(sees) ?? visible(status, sees).join(" ");
      sights.set(sees, sight);
      const audience = audiences.get(sight);
      if (audience) audience.push(id);
      else audiences.set(sight, [id]);
    }
    for (const [sight, ids] of audiences) {
      const seen = new Set(sight.split(" "));
      const rooms = status.rooms.filter(({ room }) => seen.has(room));
      namespace.to(ids).emit("status", { ...status, rooms });
    }
  }

  namespace.on("connection", (socket) => {
    guardEvents(socket, { ...options, rules: noRules });
    const isFull = watchers.size + newcomers.size >= maxWatchers;
    const leave = isFull ? undefined : places.take("", clientOf(socket.request));
    if (!leave) {
      counters.count("request", "refused");
      const reason = isFull
        ? `this server shows ${maxWatchers} status pages and no more: try again later`
        : `this server shows ${watchersPerAddress} status pages to one address: close some of yours`;
      socket.emit("refused", { event: "status", code: "full", reason });
      socket.disconnect(true);
      return;
    }
    newcomers.set(socket.id, gate.sightOf(socket.handshake.headers));
    socket.once("disconnect", () => {
      leave();
      newcomers.delete(socket.id);
      watchers.delete(socket.id);
    });
    // Otherwise together with all who come until the next beat.
    if (clock.now() - welcomedMs >= everyMs) welcome(options.status());
  });
  return () => cancel();
}

const visible = ({ rooms }: ServerStatus, sees: Sight) => rooms.map(({ room }) => room).filter(sees);

/** With no more of the curves than the page draws: a whole history would be most of a megabyte for a room. */
function inShort(status: ServerStatus): ServerStatus {
  return { ...status, rooms: status.rooms.map((room) => ({ ...room, history: lastHour(room.history) })) };
}

/** `now` with only the points that `last` does not have. */
function sinceThen(now: ServerStatus, last: ServerStatus): ServerStatus {
  const rooms = now.rooms.map((room) => {
    const newest = last.rooms.find(({ room: name }) => name === room.room)?.history.at(-1)?.t ?? -1;
    return { ...room, history: room.history.filter(({ t }) => t > newest) };
  });
  return { ...now, rooms };
}
