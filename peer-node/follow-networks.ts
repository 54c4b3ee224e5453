/**
 * A laptop that changes its network has a new address at once, and a socket from the old one for 10 s. Most
 * addresses that come and go are none of the socket's (containers, tunnels, IPv6 privacy), and a fresh socket
 * costs the peer its links to whoever is told that it left: so only one whose own address is lost is renewed.
 */
import type { Clock } from "../shared/core/clock.ts";
import type { SignalingClient } from "../shared/net/signaling-client.ts";
import { watchAddresses } from "./address-watch.ts";

/** About as long as the server's pings take to find a dead socket, so whoever flaps loses nothing by it. */
const renewEveryMs = 10_000;
/** A try that is under way has this long before another change may begin it anew. */
const hurryEveryMs = 3_000;

/** The returned function ends it. */
export function followNetworks(
  signaling: Pick<SignalingClient, "hurry" | "renew" | "carrier">,
  clock: Clock,
  read?: () => ReadonlySet<string>,
): () => void {
  const renew = atMostEvery(renewEveryMs, clock, () => signaling.renew());
  const hurry = atMostEvery(hurryEveryMs, clock, () => signaling.hurry());

  function onChange(lost: readonly string[]): void {
    const carrier = signaling.carrier();
    const own = localAddressOf(carrier);
    if (carrier === undefined) hurry();
    else if (own !== undefined && lost.includes(own)) renew();
  }

  return watchAddresses(clock, onChange, read);
}

/** Of engine.io's transport, whose `ws` has a TCP or TLS socket below: undocumented, so nothing is taken for granted. */
export function localAddressOf(carrier: unknown): string | undefined {
  const address = below(below(below(carrier, "ws"), "_socket"), "localAddress");
  return typeof address === "string" ? address : undefined;
}

function below(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function atMostEvery(ms: number, clock: Clock, run: () => void): () => void {
  let nextMs = -Infinity;
  return () => {
    if (clock.now() < nextMs) return;
    nextMs = clock.now() + ms;
    run();
  };
}
