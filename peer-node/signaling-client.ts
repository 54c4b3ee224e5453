/**
 * A peer's connection to the signaling server, over socket.io. Reconnects by itself; while it is away,
 * training goes on (shared/net/membership.ts).
 */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { parseTask } from "../shared/core/task.ts";
import type {
  ClientEvents,
  JoinRequest,
  Refusal,
  ServerEvents,
  Signaling,
  Welcome,
} from "../shared/net/messages.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

/** Short enough that a wrong address is a sentence within 10 s. */
const joinTimeoutMs = 8_000;

type ShoalSocket = Socket<ServerEvents, ClientEvents>;

/**
 * Resolves when the socket is up.
 * @throws CommandError with one sentence when nobody answers there, or not as a Shoal server would.
 */
export async function connectSignaling(
  url: string,
  { timeoutMs = 8_000 }: { readonly timeoutMs?: number } = {},
): Promise<Signaling> {
  const socket: ShoalSocket = io(url, {
    transports: ["websocket"],
    forceNew: true,
    timeout: timeoutMs,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
  });
  try {
    await connected(socket);
  } catch (error) {
    socket.disconnect();
    throw unreachable(url, error);
  }
  return createSignaling(socket, url);
}

function connected(socket: ShoalSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

function createSignaling(socket: ShoalSocket, url: string): Signaling {
  async function join(request: JoinRequest): Promise<Welcome | Refusal> {
    // Else socket.io would keep it and send it twice: the loop joins again when the socket is back.
    if (!socket.connected) throw noAnswer(url);
    try {
      return checkAnswer(await socket.timeout(joinTimeoutMs).emitWithAck("join", request), url);
    } catch (error) {
      if (error instanceof CommandError) throw error;
      reconnect();
      throw noAnswer(url);
    }
  }

  /** A server that took the socket but does not answer: a fresh socket, a fresh try. */
  function reconnect(): void {
    if (socket.connected) socket.disconnect().connect();
  }

  return {
    join,
    send: (event, ...args) => {
      if (socket.connected) socket.emit(event, ...args);
    },
    on(handlers) {
      socket.on("connect", () => handlers.connected());
      socket.on("disconnect", (reason) => handlers.disconnected(reason));
      socket.on("joined", (peer) => handlers.joined(peer));
      socket.on("left", (peer) => handlers.left(peer));
      socket.on("view", (view) => handlers.view(view));
      socket.on("signal", (message) => handlers.signal(message));
      socket.on("refused", (refusal) => handlers.refused(refusal));
    },
    close: () => void socket.disconnect(),
  };
}

/** What a server says is believed once it is clear that it is one, and that we know its kind of task. */
function checkAnswer(answer: unknown, url: string): Welcome | Refusal {
  if (isWelcome(answer)) return knowsTask(answer);
  if (isRefusal(answer)) return answer;
  throw noAnswer(url);
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

function noAnswer(url: string): CommandError {
  return new CommandError(exitCodes.unreachable, `server (${url}): does not answer as a Shoal server would`);
}

function unreachable(url: string, error: unknown): CommandError {
  return new CommandError(exitCodes.unreachable, `server (${url}): ${reasonOf(error)}`);
}

const hint = "is `shoal serve` running there?";

/** ws hides the cause below engine.io's "websocket error". */
function reasonOf(error: unknown): string {
  const said = deepMessage(error);
  if (/ECONNREFUSED/.test(said)) return `connection refused, ${hint}`;
  if (/ENOTFOUND|EAI_AGAIN/.test(said)) return "there is no host of that name";
  if (/Unexpected server response|Parse Error|socket hang up/.test(said))
    return "something else than a Shoal server answers there";
  if (/EHOSTUNREACH|ENETUNREACH/.test(said)) return "no route to that host";
  if (/timeout|ETIMEDOUT/.test(said)) return `no answer in time, ${hint}`;
  return `can't be reached (${said})`;
}

function deepMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const below = "description" in error ? error.description : undefined;
  const isNamed = typeof below === "object" && below !== null && "message" in below;
  return isNamed ? String(below.message) : error.message;
}
