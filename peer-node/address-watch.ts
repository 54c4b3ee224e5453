/**
 * Tells when this machine's addresses change. A socket from an address that is gone is dead, and neither end
 * is told: Node says nothing about networks, so we look.
 */
import { networkInterfaces } from "node:os";
import type { Clock } from "../shared/core/clock.ts";

const everyMs = 500;
/** Come and go with every container and tunnel; no server is reached from one. */
const linkLocal = /^(?:fe[89ab][\da-f]:|169\.254\.)/i;

/** Calls back with those that are lost: none where some are new only. The returned function ends it. */
export function watchAddresses(
  clock: Clock,
  onChange: (lost: readonly string[]) => void,
  read: () => ReadonlySet<string> = ownAddresses,
): () => void {
  let known = read();
  let cancel = clock.after(everyMs, look);

  function look(): void {
    cancel = clock.after(everyMs, look);
    const [before, now] = [known, read()];
    known = now;
    const lost = [...before].filter((address) => !now.has(address));
    if (lost.length > 0 || now.size > before.size) onChange(lost);
  }

  return () => cancel();
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = all.filter(({ address, internal }) => !internal && !linkLocal.test(address));
  return new Set(outward.map(({ address }) => address));
}
