/** A real server on a free port and real sockets to it; every wait ends. */
import { once } from "node:events";
import type { Server } from "node:net";
import { io } from "socket.io-client";
import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";
import { noDrops } from "../../shared/core/drops.ts";
import { parseTask } from "../../shared/core/task.ts";
import type { Task, TaskInput } from "../../shared/core/task.ts";
import { protocolVersion } from "../../shared/net/messages.ts";
import type {
  ClientEvents,
  JoinRequest,
  LinkReport,
  PeerReport,
  Refusal,
  ServerEvents,
  SignalMessage,
  Welcome,
} from "../../shared/net/messages.ts";
import { createSignalingServer } from "../../signaling-server/server.ts";
import type { SignalingServer, SignalingServerOptions } from "../../signaling-server/server.ts";

export const waitMs = 5_000;
/** For what surely comes. */
const answerMs = 30_000;

/** What ends with the test: a test's context, or whatever collects ends. */
export interface Ending {
  after(end: () => Promise<void> | void): void;
}

export function testTask(more: Partial<TaskInput> = {}): Task {
  return parseTask({
    name: "test",
    model: { kind: "mlp", hidden: [8] },
    data: { kind: "glyphs", samplesPerShard: 64, validationSamples: 64, seed: 1 },
    optimizer: { kind: "sgd", learningRate: 0.1 },
    batch: 8,
    work: { samplesPerRound: 8 },
    seed: 1,
    rounds: 1_000,
    ...more,
  });
}

/** Where a server of Node's own listens. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : NaN;
}

/** The id of test peer `number`: 32 hex digits. */
export function peerIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

export function joinRequest(number: number, more: Partial<JoinRequest> = {}): JoinRequest {
  return {
    protocol: protocolVersion,
    room: "room",
    peerId: peerIdOf(number),
    name: `peer ${number}`,
    kind: "node",
    backend: "cpu",
    ...more,
  };
}

/** Signed by nobody: the server passes on what it cannot judge. */
export function offerTo(to: string, sdp = "v=0"): SignalMessage {
  return { to, attempt: "1", data: { type: "offer", sdp, key: "0".repeat(64), signature: "0".repeat(128) } };
}

export function peerReport(more: Partial<PeerReport> = {}): PeerReport {
  return {
    state: "training",
    round: 0,
    samplesPerSecond: 100,
    samples: 0,
    bytesSent: 0,
    bytesReceived: 0,
    links: [],
    ...more,
  };
}

export function linkReport(to: number, sent: number, received: number, lost = 0): LinkReport {
  return { peerId: peerIdOf(to), state: "open", sent, received, drops: { ...noDrops(), lost } };
}

export async function startServer(
  t: Ending,
  options: Partial<SignalingServerOptions> = {},
): Promise<SignalingServer> {
  const server = await createSignalingServer({
    tasks: { room: testTask(), other: testTask() },
    host: "127.0.0.1",
    port: 0,
    version: "test",
    ...options,
  });
  t.after(() => server.close());
  return server;
}

export type TestSocket = Socket<ServerEvents, ClientEvents>;

/** An open socket that has not joined. */
export async function connect(
  t: Ending,
  server: SignalingServer,
  more: Partial<ManagerOptions & SocketOptions> = {},
): Promise<TestSocket> {
  const socket: TestSocket = io(server.url, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...more,
  });
  t.after(() => void socket.disconnect());
  await next(socket, "connect");
  return socket;
}

export function join(socket: TestSocket, request: JoinRequest): Promise<Welcome | Refusal> {
  return socket.timeout(answerMs).emitWithAck("join", request);
}

export async function joined(
  t: Ending,
  server: SignalingServer,
  number: number,
  more?: Partial<JoinRequest>,
) {
  const socket = await connect(t, server);
  const answer = await join(socket, joinRequest(number, more));
  if (!answer.ok) throw new Error(`peer ${number} was refused: ${answer.reason}`);
  return { socket, peerId: peerIdOf(number), welcome: answer };
}

/** The data of the next such event. */
export async function next<Name extends keyof ServerEvents>(
  socket: TestSocket,
  event: Name,
): Promise<Parameters<ServerEvents[Name]>[0]>;
export async function next(socket: TestSocket, event: "connect" | "disconnect"): Promise<unknown>;
export async function next(socket: Socket, event: string): Promise<unknown> {
  const target = new EventTarget();
  const listener = (data?: unknown) => target.dispatchEvent(new CustomEvent(event, { detail: data }));
  socket.on(event, listener);
  try {
    const [found] = await once(target, event, { signal: AbortSignal.timeout(answerMs) });
    return found instanceof CustomEvent ? found.detail : undefined;
  } catch (error) {
    throw new Error(`no "${event}" within ${answerMs} ms`, { cause: error });
  } finally {
    socket.off(event, listener);
  }
}
