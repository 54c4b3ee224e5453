/** A real TURN server, started as docs/operating.md says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ending } from "../browser/chromium.ts";
import { pause, within } from "./real-time.ts";

export const turnSecret = "north/sea+wind=";

/** The command of docs/operating.md with a secret of ours, on loopback: of what it denies only that is allowed. */
function documentedArguments(port: number, allowsLoopback: boolean): string[] {
  const document = readFileSync(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  const [, command] = /```sh\n(turnserver [\s\S]*?)```/.exec(document) ?? [];
  assert.ok(command, "docs/operating.md has no turnserver command");
  const given = command.replaceAll("\\\n", " ").trim().split(/\s+/).slice(1);
  const ours: readonly (readonly [prefix: string, instead: readonly string[]])[] = [
    ["--static-auth-secret=", [`--static-auth-secret=${turnSecret}`]],
    ["--listening-port=", [`--listening-port=${port}`]],
    ["--external-ip=", ["--external-ip=127.0.0.1"]],
    ...(allowsLoopback ? [["--denied-peer-ip=127.", []] as const] : []),
  ];
  const replaced = given.flatMap((argument) => {
    const [, instead] = ours.find(([prefix]) => argument.startsWith(prefix)) ?? [];
    return instead ?? [argument];
  });
  for (const [prefix] of ours)
    assert.ok(
      given.some((argument) => argument.startsWith(prefix)),
      `docs/operating.md: no ${prefix}`,
    );
  return [
    ...replaced,
    "--listening-ip=127.0.0.1",
    "--relay-ip=127.0.0.1",
    "--allow-loopback-peers",
    `--pidfile=${join(tmpdir(), `shoal-turn-${port}.pid`)}`,
  ];
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Asks with a STUN binding request until an answer comes. */
async function answers(port: number): Promise<boolean> {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(0x0001, 0);
  request.writeUInt32BE(0x2112_a442, 4);
  const socket = createSocket("udp4");
  const heard = new Set<number>();
  socket.on("message", (answer) => heard.add(answer.length));
  for (let turn = 0; turn < 200 && heard.size === 0; turn++) {
    socket.send(request, port, "127.0.0.1");
    await pause(50);
  }
  socket.close();
  return heard.size > 0;
}

export interface Coturn {
  readonly url: string;
  kill(): void;
}

export async function startCoturn(t: Ending, { allowsLoopback = true } = {}): Promise<Coturn> {
  // Where another process has taken the port meanwhile, coturn neither answers nor ends.
  for (let tries = 0; tries < 3; tries++) {
    const port = await freePort();
    const child = spawn("turnserver", documentedArguments(port, allowsLoopback), { stdio: "ignore" });
    const kill = () => void child.kill("SIGKILL");
    t.after(kill);
    if (await within(20_000, "asking coturn", answers(port))) return { url: `turn:127.0.0.1:${port}`, kill };
    kill();
  }
  throw new Error("coturn does not answer, on three ports");
}
