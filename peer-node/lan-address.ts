import { networkInterfaces } from "node:os";

/** The server's URL for other machines, where it listens on all addresses and has one that they can reach. */
export function lanUrl(serverUrl: string, host: string): string | undefined {
  const lan = host === "0.0.0.0" || host === "::" ? lanAddress() : undefined;
  if (lan === undefined) return undefined;
  const url = new URL(serverUrl);
  url.hostname = lan;
  return url.origin;
}

function lanAddress(): string | undefined {
  try {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  } catch {
    return undefined; // Some sandboxes forbid the question; nobody needs the answer.
  }
}
