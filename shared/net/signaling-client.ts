/**
 * A peer's connection to the signaling server, over socket.io: the same in Node and in a tab. Reconnects by
 * itself; while it is away, training goes on (membership.ts).
 */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { parseTask } from "../core/task.ts";
import { proveJoin } from "./join-proof.ts";
import type { ClientEvents, JoinRequest, Refusal, ServerEvents, Signaling, Welcome } from "./messages.ts";
import type { SigningKey } from "./signing-key.ts";

/** At first: a wrong address is a sentence within 10 s, on a busy machine too. */
const firstTimeoutMs = 7_000;

/** For an answer, once we have been in. */
const rejoinTimeoutMs = 8_000;

/**
 * For a handshake, once there has been one: behind a crowd that comes back as well it takes longer, and who gives up
 * has waited in vain and waits again.
 */
const returnTimeoutMs = 16_000;

type ShoalSocket = Socket<ServerEvents, ClientEvents>;

export interface SignalingClient extends Signaling {
  /** The network is back: don't wait for the next try. */
  hurry(): void;
  /** The network is another one: the socket may be dead, and nobody says so for up to 10 s. */
  renew(): void;
  /** What carries the socket while it is up: the platform may know more about it. */
  carrier(): unknown;
}

export interface ConnectOptions {
  readonly timeoutMs?: number;
  /** Proves the peer id at every join; without it somebody else may be let in under that id. */
  readonly signingKey?: SigningKey;
}

/** What went wrong is for the role to put into words: Node knows more about it than a tab is told. */
export type ConnectResult =
  | { readonly ok: true; readonly signaling: SignalingClient }
  | { readonly ok: false; readonly error: unknown };

/** Settles when the socket is up, or when nobody answers there. Never rejects. */
export async function connectSignaling(
  url: string,
  { timeoutMs = firstTimeoutMs, signingKey }: ConnectOptions = {},
): Promise<ConnectResult> {
  const socket: ShoalSocket = io(url, {
    transports: ["websocket"],
    forceNew: true,
    timeout: timeoutMs,
    reconnectionDelay: 500,
    // A server that is back waits for its peers about so long (signaling-server/views.ts).
    reconnectionDelayMax: 4_000,
    randomizationFactor: 0.5,
  });
  ignoreWallClock(socket);
  try {
    await connected(socket);
    socket.io.timeout(returnTimeoutMs);
    return { ok: true, signaling: createSignaling(socket, url, signingKey) };
  } catch (error) {
    socket.disconnect();
    return { ok: false, error };
  }
}

/**
 * Before it sends, engine.io looks at the wall clock for whether the server's last ping was too long ago: a
 * clock that is put forward would break every socket. Its timer, which no clock moves, notices that as well.
 */
function ignoreWallClock(socket: ShoalSocket): void {
  socket.io.on("open", () => {
    Object.assign(socket.io.engine, { _hasPingExpired: () => false });
  });
}

function connected(socket: ShoalSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

function createSignaling(socket: ShoalSocket, url: string, signingKey?: SigningKey): SignalingClient {
  /** Through this socket. */
  let wasLetIn = false;
  /** Through any. */
  let hasBeenIn = false;

  async function join(request: JoinRequest): Promise<Welcome | Refusal> {
    // Else socket.io would keep it and send it twice: the loop joins again when the socket is back.
    if (!socket.connected || socket.id === undefined) throw noAnswer(url);
    const proof = signingKey && proveJoin(signingKey, request, socket.id);
    const answer: unknown = await socket
      .timeout(hasBeenIn ? rejoinTimeoutMs : firstTimeoutMs)
      .emitWithAck("join", { ...request, ...(proof && { proof }) })
      .catch(() => undefined);
    wasLetIn ||= isWelcome(answer);
    hasBeenIn ||= wasLetIn;
    if (isWelcome(answer)) return knowsTask(answer);
    if (isRefusal(answer)) return answer;
    if (answer === undefined) renew(); // it took the socket but does not answer
    throw noAnswer(url);
  }

  /** A fresh socket in place of one that is said to be up. */
  function renew(): void {
    if (socket.connected) socket.disconnect().connect();
  }

  return {
    join,
    send: (event, ...args) => {
      if (socket.connected) socket.emit(event, ...args);
    },
    on(handlers) {
      socket.on("connect", () => handlers.connected());
      socket.on("disconnect", (reason) => {
        // There socket.io gives up: whether the server still wants us the next join says.
        if (reason === "io server disconnect" && wasLetIn) socket.connect();
        wasLetIn = false;
        handlers.disconnected(reason);
      });
      socket.on("joined", (arrivals) => handlers.joined(arrivals));
      socket.on("left", (peer) => handlers.left(peer));
      socket.on("view", (view) => handlers.view(view));
      socket.on("pace", (pace) => handlers.pace(pace));
      socket.on("model", (request, answer) => handlers.model(request, answer));
      socket.on("signal", (message) => handlers.signal(message));
      socket.on("refused", (refusal) => handlers.refused(refusal));
    },
    hurry() {
      if (!socket.connected) socket.disconnect().connect();
    },
    renew,
    carrier: () => (socket.connected ? socket.io.engine.transport : undefined),
    close: () => void socket.disconnect(),
  };
}

function isWelcome(answer: unknown): answer is Welcome {
  const isOk = typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === true;
  return isOk && "task" in answer && "roster" in answer && Array.isArray(answer.roster);
}

function isRefusal(answer: unknown): answer is Refusal {
  const isNo = typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === false;
  return isNo && "code" in answer && "reason" in answer && typeof answer.reason === "string";
}

function knowsTask(welcome: Welcome): Welcome | Refusal {
  try {
    return { ...welcome, task: parseTask(welcome.task) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      code: "version",
      reason: `this version does not know the room's ${why}: update shoal`,
    };
  }
}

function noAnswer(url: string): Error {
  return new Error(`server (${url}): does not answer as a Shoal server would`);
}
