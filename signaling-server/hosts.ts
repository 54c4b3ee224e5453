/** The rooms of a server: those that it starts with, and those that its creator adds. */
import type { Clock } from "../shared/core/clock.ts";
import type { Task } from "../shared/core/task.ts";
import { createRoom } from "./room.ts";
import { createRoomHost } from "./room-host.ts";
import type { RoomHost } from "./room-host.ts";

export interface Hosts extends ReadonlyMap<string, RoomHost> {
  /** A room that is not there yet; says in a sentence why not, or undefined. */
  add(name: string, task: Task): string | undefined;
}

export interface HostsOptions {
  readonly tasks: Readonly<Record<string, Task>>;
  readonly iceServersFor: (peerId: string) => readonly string[];
  readonly clock: Clock;
  readonly onModel: (fault: string | null) => void;
}

/** Memory that the models of all rooms may take: the first rooms come first. */
const maxModelBytes = 256_000_000;
/** With those that the server started with. */
const maxRooms = 64;

export function createHosts({ tasks, iceServersFor, clock, onModel }: HostsOptions): Hosts {
  let left = maxModelBytes;
  const hosts = new Map<string, RoomHost>();

  function open(name: string, task: Task): void {
    const room = createRoom({ name, task, iceServersFor, madeAtMs: clock.now() });
    const host = createRoomHost(room, clock, { task, maxBytes: left, onOutcome: onModel });
    left -= host.modelMemory;
    hosts.set(name, host);
  }

  for (const [name, task] of Object.entries(tasks)) open(name, task);
  return Object.assign(hosts, {
    add(name: string, task: Task) {
      if (hosts.size >= maxRooms)
        return `this server has ${hosts.size} rooms: more than ${maxRooms} it does not take`;
      open(name, task);
      return undefined;
    },
  });
}
