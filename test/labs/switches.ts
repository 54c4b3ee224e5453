/** What joins the cables in the hub: the kernel's bridge, or a process that holds every frame back for a while. */
import { once } from "node:events";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ipIn } from "./netns.ts";
import { within } from "./real-time.ts";

export interface Switch {
  stop(): Promise<void>;
}

export function startKernelBridge(hub: string, ports: readonly string[]): Switch {
  ipIn(hub, [
    "link add bridge type bridge stp_state 0 mcast_snooping 0",
    "link set bridge addrgenmode none up",
    ...ports.map((port) => `link set ${port} master bridge`),
  ]);
  return { stop: async () => ipIn(hub, ["link del bridge"]) };
}

/** tsc copies no Python: the script is run from the sources, two levels above dist/test. */
const script = fileURLToPath(new URL("../../../test/labs/delay-bridge.py", import.meta.url));

export async function startDelayBridge(hub: string, ports: readonly string[], ms: number): Promise<Switch> {
  const child = spawn("ip", ["netns", "exec", hub, "python3", script, String(ms), ...ports], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = once(child, "exit").then(() => {
    throw new Error("the delay bridge ended: its reason is above");
  });
  await within(10_000, "the delay bridge", Promise.race([once(child.stdout, "data"), failed]));
  failed.catch(() => undefined);
  return {
    async stop() {
      if (child.exitCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
