/**
 * The signaling server: introduces peers, numbers views, relays signals inside a room, shows what goes on.
 * It takes no part in the averaging; when it dies, training goes on without it.
 *
 * @example
 * const server = await createSignalingServer({ tasks: { demo: task }, port: 8080 });
 * console.log(server.url);
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server as HttpServer } from "node:http";
import { Server } from "socket.io";
import type { Clock } from "../shared/core/clock.ts";
import type { Task } from "../shared/core/task.ts";
import { limits } from "../shared/net/messages.ts";
import type { ClientEvents, ServerEvents } from "../shared/net/messages.ts";
import type { ServerStatus } from "../shared/net/status.ts";
import type { DataSource } from "../shared/training/data/data-source.ts";
import { serveData } from "./data-files.ts";
import { serveCreator } from "./creator-commands.ts";
import { watchDoor } from "./doorway.ts";
import { createEventCounters } from "./event-counters.ts";
import { createAddresses } from "./addresses.ts";
import type { Addresses } from "./addresses.ts";
import { clientOf, isThisMachine } from "./client-address.ts";
import { createGate } from "./gate.ts";
import type { Revocations, RoomAccess } from "./gate.ts";
import { fullCollection, relieveHeap } from "./heap-relief.ts";
import { createHosts } from "./hosts.ts";
import { createJoinRates } from "./join-rates.ts";
import { peerEvents, servePeers } from "./peers.ts";
import type { PeerServer, SocketFacts } from "./room-host.ts";
import { createSeatShares } from "./seat-shares.ts";
import { createSocketLimits, offences } from "./socket-limits.ts";
import type { Connection } from "./socket-limits.ts";
import { systemClock } from "./system-clock.ts";
import { serveWatchers } from "./watchers.ts";
import { limitRequests } from "./request-limits.ts";
import { createIceServers } from "./turn.ts";
import { createTurns } from "./turns.ts";
import type { Turns } from "./turns.ts";
import { createWeb } from "./web.ts";

export interface SignalingServerOptions {
  /** Room name → the task that runs in it. */
  readonly tasks: Readonly<Record<string, Task>>;
  /** Where to listen; all addresses by default. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Handed to every peer; none by default. */
  readonly iceServers?: readonly string[];
  /** coturn's `static-auth-secret`: TURN servers without a password get one that ends (turn.ts). */
  readonly turnSecret?: string;
  /** Where the files of the tasks' data sets are, to hand them out; absent: peers need their own. */
  readonly data?: DataSource | undefined;
  /** Room name → who may come in; everybody by default. */
  readonly access?: Readonly<Record<string, RoomAccess>>;
  /** Signs invites and the creator's commands; absent: there are none. */
  readonly creatorKey?: string | undefined;
  /** Invites that are worth nothing any more; without it a restart forgets them. */
  readonly revocations?: Revocations | undefined;
  /** Sockets that may be open at once; 12,000 by default. */
  readonly maxSockets?: number | undefined;
  /** Of them, from one address (of IPv6, one network of 64 bits); 256 by default. */
  readonly socketsPerAddress?: number | undefined;
  /** Peers of one address in one room; half of its seats by default. */
  readonly seatsPerAddress?: number | undefined;
  /** Whose pages may open sockets besides our own: `https://HOST`; none by default. */
  readonly allowOrigins?: readonly string[] | undefined;
  /** For a request's headers to arrive; 10 s by default. */
  readonly headersTimeoutMs?: number | undefined;
  readonly version?: string;
  readonly clock?: Clock;
  readonly log?: (line: string) => void;
}

export interface SignalingServer {
  readonly url: string;
  readonly port: number;
  status(): ServerStatus;
  close(): Promise<void>;
}

/** Sockets of peers and watchers together; a stranger must not be able to open them without end. */
const defaultSockets = 12_000;
/** A school is one address. */
const defaultSocketsPerAddress = 256;
/** From one address besides its sockets: pages load their parts over connections of their own. */
const pageConnections = 128;
/** For a request's headers, and for all of it, times this: ours have small bodies. Looked at five times in between. */
const defaultHeadersTimeoutMs = 10_000;
const requestPerHeaders = 3;
const checksPerHeaders = 5;
/** Without a byte in either direction; who waits for a data set's file waits a minute at most. */
const silenceMs = 120_000;
/** Together they find a dead socket within 10 s. */
const pingIntervalMs = 5_000;
const pingTimeoutMs = 5_000;
/** For a socket to say which namespace it wants, in times of the above for headers. */
const connectPerHeaders = 1 / 2;
/** Open at once besides sockets. */
const otherConnections = 2_048;
/** For clients to answer the goodbye of a server that closes. */
const farewellMs = 1_000;

/** @throws (rejects) with `code` "EADDRINUSE" or "EACCES" and one sentence when it cannot listen. */
export async function createSignalingServer(options: SignalingServerOptions): Promise<SignalingServer> {
  const { clock = systemClock, log = () => undefined, host = "0.0.0.0" } = options;
  const startedMs = clock.now();
  const counters = createEventCounters([...peerEvents, "model", "request", ...offences]);
  const unixSeconds = () => Date.now() / 1000;
  const { tasks, iceServers = [], turnSecret: secret, creatorKey, access = {}, revocations } = options;
  const hosts = createHosts({
    tasks,
    clock,
    iceServersFor: createIceServers({ iceServers, secret, unixSeconds }),
    onModel: (fault) => counters.count("model", fault ? "refused" : "accepted"),
  });
  const gate = createGate({ key: creatorKey, access, revocations, unixSeconds });
  const { maxSockets = defaultSockets, socketsPerAddress = defaultSocketsPerAddress } = options;
  const addresses = createAddresses({ socketsPerAddress }, () => clock.now());
  const entries = createTurns(setImmediate);
  const limitsOfSockets = createSocketLimits({
    clock,
    turns: createTurns(setImmediate),
    onOffence({ request }, offence) {
      counters.count(offence, "refused");
      addresses.charge(clientOf(request));
    },
    onSpent: ({ request }, share) => addresses.charge(clientOf(request), share),
  });
  const guard = { counters, now: () => clock.now(), log, limits: limitsOfSockets };

  const specs = Object.values(options.tasks).map((task) => task.data);
  const data = options.data && (await serveData(options.data, specs, Date.now().toString(36), clock));
  const status = (): ServerStatus => ({
    schema: 2,
    version: options.version ?? "0.0.0",
    uptimeSeconds: (clock.now() - startedMs) / 1000,
    sockets: io.engine.clientsCount,
    signals: counters.read(),
    rooms: [...hosts.values()].map((room) => room.status()),
  });
  const onRevoked = (inviteId: string) => {
    for (const socket of io.of("/").sockets.values()) {
      if (socket.data.inviteId !== inviteId) continue;
      socket.emit("refused", { event: "join", code: "room", reason: "your invite was revoked" });
      socket.disconnect(true);
    }
  };
  const creator = creatorKey && serveCreator({ key: creatorKey, hosts, gate, unixSeconds, onRevoked });
  const { headersTimeoutMs = defaultHeadersTimeoutMs, allowOrigins = [] } = options;
  const http = createServer(
    { connectionsCheckingInterval: headersTimeoutMs / checksPerHeaders },
    createWeb({ clock, status, hosts, gate, creator, data, log }),
  );
  http.headersTimeout = headersTimeoutMs;
  http.requestTimeout = requestPerHeaders * headersTimeoutMs;
  http.timeout = silenceMs;
  http.maxConnections = maxSockets + otherConnections;
  const connectionsPerAddress = socketsPerAddress + pageConnections;
  const connections = watchDoor(http, { connectionsPerAddress });
  const io = createSockets(http, { addresses, maxSockets, entries, allowOrigins, headersTimeoutMs });
  // What is no new socket of ours would be counted nowhere.
  limitRequests(http, {
    mayAsk: addresses.mayAsk,
    onRefused: () => counters.count("request", "refused"),
  });
  http.prependListener("upgrade", ({ url = "" }, socket) => {
    const isOurs = url.startsWith("/socket.io/") && !new URLSearchParams(url.split("?")[1]).has("sid");
    if (!isOurs) socket.destroy();
    // Until it is its turn nobody else listens.
    socket.on("error", () => undefined);
  });
  io.engine.on("connection", (connection: Connection) => limitsOfSockets.watch(connection));
  const stopWatchers = serveWatchers(io.of("/status"), { ...guard, clock, gate, status });
  const { seatsPerAddress = limits.membersPerRoom / 2 } = options;
  const seats = createSeatShares(seatsPerAddress, isThisMachine);
  const rates = createJoinRates(isThisMachine, () => clock.now());
  servePeers(io, { ...guard, hosts, gate, seats, rates, connections: () => connections.size });

  const sockets = () => io.engine.clientsCount;
  const stopRelief = relieveHeap({ clock, sockets, collect: fullCollection() });

  const stop = () => {
    stopWatchers();
    stopRelief();
    limitsOfSockets.close();
    for (const room of hosts.values()) room.close();
  };
  const port = await listen(http, host, options.port).catch((error: unknown) => {
    stop();
    throw error;
  });
  return {
    url: `http://${shownHost(host)}:${port}`,
    port,
    status,
    async close() {
      stop();
      const closing = io.close();
      // A client that sends its request byte by byte must not keep the server from ending.
      http.closeAllConnections();
      // Nor one that does not answer the goodbye: ws would wait half a minute for it.
      const cancel = systemClock.after(farewellMs, () => {
        for (const socket of connections) socket.destroy();
      });
      await closing;
      cancel();
    },
  };
}

interface Doors {
  readonly addresses: Addresses;
  readonly maxSockets: number;
  readonly entries: Turns;
  readonly allowOrigins: readonly string[];
  readonly headersTimeoutMs: number;
}

function createSockets(
  http: HttpServer,
  { addresses, maxSockets, entries, allowOrigins, headersTimeoutMs }: Doors,
): PeerServer {
  const io = new Server<ClientEvents, ServerEvents, Record<string, never>, SocketFacts>(http, {
    // Long polling would need sticky sessions and has no use: every peer speaks WebRTC, so WebSocket too.
    transports: ["websocket"],
    allowUpgrades: false,
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: limits.eventBytes,
    pingInterval: pingIntervalMs,
    pingTimeout: pingTimeoutMs,
    connectTimeout: connectPerHeaders * headersTimeoutMs,
    allowRequest: (request, done) => {
      // A crowd's handshakes one by one, with whatever else comes in between.
      entries.wait(clientOf(request), () => {
        const refusal = refusalOf(request);
        done(refusal ?? null, refusal === undefined);
      });
    },
  });

  function refusalOf(request: IncomingMessage): string | undefined {
    // Gone while it waited: nobody would say when.
    if (request.socket.destroyed) return "the connection is gone";
    const isAllowed = allowOrigins.includes(request.headers.origin ?? "");
    if (!isAllowed && !isOwnPageOrNode(request))
      return "connections come from this server's own pages or from no page";
    if (io.engine.clientsCount >= maxSockets) return "this server has as many connections as it takes";
    const leave = addresses.admit(clientOf(request));
    if (!leave) return "too many connections from this address";
    request.socket.once("close", leave);
    return undefined;
  }
  for (const name of ["/", "/status"])
    // Before handshakes of the same address: behind a crowd's it would be given up before its turn has come.
    io.of(name).use((socket, next) => entries.wait(clientOf(socket.request), next, "first"));
  return io;
}

/** WebSockets are outside the same-origin policy: without this, any page could speak as its visitor. */
function isOwnPageOrNode({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function listen(http: HttpServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    http.listen(port, host, () => {
      const address = http.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const sentences: Partial<Record<string, string>> = {
    EADDRINUSE: `port ${port} is taken: choose another or stop what listens there`,
    EACCES: `port ${port} needs more rights than this user has: choose one above 1023`,
    EADDRNOTAVAIL: `host ${host} is not an address of this machine`,
  };
  const sentence = sentences[error.code ?? ""] ?? `cannot listen on ${host}:${port}: ${error.message}`;
  return Object.assign(new Error(sentence, { cause: error }), { code: error.code });
}

function shownHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
