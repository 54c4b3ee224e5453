import { networkInterfaces } from "node:os";

/** An address under which other machines find this one, where there is one. */
export function lanAddress(): string | undefined {
  try {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  } catch {
    return undefined; // Some sandboxes forbid the question; nobody needs the answer.
  }
}
