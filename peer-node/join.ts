/** `shoal join`: one peer, from the command line to its exit code. */
import { randomBytes, randomInt } from "node:crypto";
import * as v from "valibot";
import { createRng } from "../shared/core/rng.ts";
import { wasmWord } from "../shared/training/backend-report.ts";
import type { Identity } from "../shared/net/membership.ts";
import { createPeer } from "../shared/net/peer.ts";
import type { PeerEvent, PeerOutcome } from "../shared/net/peer-events.ts";
import type { Peer } from "../shared/net/peer.ts";
import { nameSchema } from "../shared/net/messages.ts";
import type { Signaling } from "../shared/net/messages.ts";
import { startNodeTrainer } from "./backends/start-trainer.ts";
import type { OptionValues } from "./cli-options.ts";
import { openCheckpoints } from "./checkpoints/checkpoints.ts";
import { roomOf } from "./checkpoints/find-checkpoint.ts";
import type { join, resume } from "./commands.ts";
import { checkPlace, dataPlace } from "./data-place.ts";
import { outcomeInWords, silentDisplay } from "./display.ts";
import type { Display } from "./display.ts";
import { exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { createJsonLines } from "./json-lines.ts";
import { openLinkStack } from "./link-stack.ts";
import { watchForLockUp } from "./lock-up.ts";
import { createOpensslSigningKey } from "./openssl-signing-key.ts";
import { endWithParent } from "./parent.ts";
import { createPeerScreen } from "./peer-screen.ts";
import { createPlainLines } from "./plain-lines.ts";
import { printable } from "./printable.ts";
import { realClock } from "./real-clock.ts";
import { refusalHint } from "./refusal-hint.ts";
import { parseRoomAddress } from "./room-address.ts";
import { isTerminal } from "./screen.ts";
import { steadyLines } from "./steady-output.ts";
import { connectSignaling } from "./signaling-client.ts";
import { listenForStop } from "./stop-signals.ts";
import { createStyle } from "./style.ts";

type JoinOptions = OptionValues<typeof join.options>;

const looking = "let in: trying out what trains this task fastest here";

/** `shoal resume`: where to join is what the checkpoints say. */
export async function runResume(
  folder: string,
  options: OptionValues<typeof resume.options>,
): Promise<ExitCode> {
  const url = await roomOf(folder, sayError).catch((error: unknown) => {
    throw usageError(error instanceof Error ? error.message : String(error));
  });
  return runJoin(url, { ...options, checkpoint: folder, resume: true });
}

export async function runJoin(url: string, options: JoinOptions): Promise<ExitCode> {
  if (options.json && options.quiet) throw usageError("--quiet (with --json): choose one");
  const { server, room, invite } = parseRoomAddress(url);
  assertDevice(options);
  const signingKey = createOpensslSigningKey(randomBytes(32));
  const identity = createIdentity(signingKey.peerId, options.name, invite);
  const checkpoints = await openCheckpoints(options, {
    url,
    room,
    clock: realClock,
    tell: (text) => display.event({ kind: "notice", text }),
    // Trouble is said in any case.
    warn: (text) => (options.quiet ? sayError(text) : display.event({ kind: "notice", text })),
  });
  const data = dataPlace(options["data-dir"], server, invite);
  const seed = options.seed ?? randomInt(0x1_0000_0000);
  const stack = await openLinkStack({ webrtc: options.webrtc ?? "native", loss: options.loss ?? 0, seed });
  const orphaned = options["exit-with-parent"] ? endWithParent() : () => {};
  const signaling: Signaling = await connectSignaling(server, { signingKey }).catch((error: unknown) => {
    orphaned();
    stack.cleanup();
    throw error;
  });

  let hasServer = false;
  const peer = createPeer({
    identity,
    signingKey,
    room,
    signaling,
    createLink: stack.createLink,
    async startTrainer(task, shard) {
      hasServer = true;
      const { backend = "auto", device } = options;
      // At once and in its own words, not as what each backend says in the end.
      const reading = await checkPlace(task.data, data, room);
      // On a busy machine this takes many seconds.
      if (backend === "auto") display.event({ kind: "notice", text: looking });
      return startNodeTrainer(task, {
        place: { shard, data },
        backend,
        device,
        maxBytes: bytesOf(options["max-memory"]),
        onBackend(report) {
          display.backend(report);
          // The first one reads the data, and so does a successor.
          if (reading !== undefined) display.event({ kind: "notice", text: reading });
        },
      });
    },
    ...checkpoints.remembered,
    clock: realClock,
    rng: createRng(seed),
    onEvent: (event) => onEvent(event),
  });
  const display = createDisplay(options, peer);
  checkpoints.announce();
  const afterRound = stopAfter(options.rounds ?? Infinity, peer);
  const onEvent = (event: PeerEvent) => {
    display.event(event);
    if (event.kind === "round") checkpoints.afterRound(peer);
    if (event.kind === "state" && event.state === "listening") void checkpoints.listening(peer);
    afterRound(event);
  };
  const forgetSignals = listenForStop({
    onStop() {
      display.say("finishing this round (Ctrl-C again to stop now)");
      peer.stop();
    },
  });

  const forgetLockUps = watchForLockUp();
  const outcome = await peer.run();
  await checkpoints.conclude(peer, outcome);
  const exitCode = exitCodeOf(outcome, hasServer);
  display.end({ outcome, exitCode, snapshot: peer.snapshot() });
  forgetSignals();
  orphaned();
  stack.cleanup();
  forgetLockUps();
  if (exitCode !== exitCodes.done)
    sayError(
      outcomeInWords(outcome) + refusalHint(outcome, { server, room, ...(invite && { invite }) }, Date.now()),
    );
  return exitCode;
}

function sayError(sentence: string): void {
  process.stderr.write(`shoal: ${printable(sentence)}\n`);
}

function createIdentity(peerId: string, name: string | undefined, invite: string | undefined): Identity {
  const shown = name ?? `peer-${peerId.slice(0, 4)}`;
  const parsed = v.safeParse(nameSchema, shown);
  if (!parsed.success) throw usageError(`--name (${shown}): ${parsed.issues[0].message}`);
  return { peerId, name: shown, kind: "node", backend: wasmWord, ...(invite && { invite }) };
}

function assertDevice({ device, backend }: JoinOptions): void {
  if (device !== undefined && (backend === "wasm" || backend === "cpu"))
    throw usageError(`--device (${device}): --backend ${backend} uses no graphics card`);
}

function bytesOf(megabytes: number | undefined): number | undefined {
  return megabytes === undefined ? undefined : megabytes * 1e6;
}

function createDisplay(options: JoinOptions, peer: Peer): Display {
  const out = process.stdout;
  if (options.json) return createJsonLines(steadyLines(out), steadyLines(process.stderr));
  if (options.quiet) return silentDisplay;
  const deps = { clock: realClock, snapshot: () => peer.snapshot() };
  if (!isTerminal(out)) return createPlainLines({ ...deps, out: steadyLines(out) });
  return createPeerScreen({ ...deps, out, style: createStyle({ color: !options["no-color"] }) });
}

function stopAfter(rounds: number, peer: Peer): (event: PeerEvent) => void {
  let left = rounds;
  return ({ kind }) => {
    if (kind !== "round") return;
    left -= 1;
    if (left === 0) peer.stop();
  };
}

function exitCodeOf(outcome: PeerOutcome, hasServer: boolean): ExitCode {
  if (outcome.kind === "refused") return exitCodes.refused;
  if (outcome.kind !== "failed") return exitCodes.done;
  if (outcome.diverged) return exitCodes.diverged;
  return hasServer ? exitCodes.trainer : exitCodes.unreachable;
}
