/** The signaling server, and in one sentence why it can't be reached: what only Node is told. */
import { connectSignaling as connect } from "../shared/net/signaling-client.ts";
import type { ConnectOptions, SignalingClient } from "../shared/net/signaling-client.ts";
import type { Signaling } from "../shared/net/messages.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { followNetworks } from "./follow-networks.ts";
import { realClock } from "./real-clock.ts";

/**
 * Resolves when the socket is up.
 * @throws CommandError with one sentence when nobody answers there, or not as a Shoal server would.
 */
export async function connectSignaling(url: string, options: ConnectOptions = {}): Promise<Signaling> {
  const result = await connect(url, options);
  if (result.ok) return onNetworks(result.signaling);
  throw new CommandError(exitCodes.unreachable, `server (${url}): ${reasonOf(result.error)}`);
}

function onNetworks(signaling: SignalingClient): Signaling {
  const stop = followNetworks(signaling, realClock);
  return {
    ...signaling,
    close() {
      stop();
      signaling.close();
    },
  };
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
