#!/usr/bin/env node
/**
 * The `shoal` command: says what to do and loads only what does it, so that a peer starts fast. The one
 * file that sees more than one role: the signaling server comes in here and is handed on.
 */
import { parseOptions } from "./cli-options.ts";
import { commandNames, commands, isCommandName } from "./commands.ts";
import type { CommandName } from "./commands.ts";
import type { CreatorSigning } from "./creator.ts";
import { CommandError, exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { suggestion } from "./nearest.ts";
import { printable } from "./printable.ts";
import type { ServerOptions } from "./server-role.ts";
import { readVersion } from "./version.ts";

async function startServer(options: ServerOptions) {
  const { createSignalingServer } = await import("../signaling-server/server.ts");
  return createSignalingServer({ ...options, version: readVersion() });
}

async function creatorSigning(): Promise<CreatorSigning> {
  const { invitePurpose, signToken } = await import("../signaling-server/invite-token.ts");
  const { signCommand } = await import("../signaling-server/creator-commands.ts");
  return {
    invite: (key, room, untilSeconds) => signToken(key, invitePurpose, { room, untilSeconds }),
    command: signCommand,
  };
}

const runners: Record<CommandName, (args: readonly string[]) => Promise<ExitCode>> = {
  async demo(args) {
    const { values } = parse("demo", args);
    const { runDemo } = await import("./demo.ts");
    return runDemo({ ...values, shoal: process.argv[1] ?? "", startServer });
  },
  async serve(args) {
    const { values } = parse("serve", args);
    const { runServe } = await import("./serve.ts");
    return runServe({ ...values, startServer });
  },
  async join(args) {
    const { values, positionals } = parse("join", args);
    const { runJoin } = await import("./join.ts");
    return runJoin(positionals[0] ?? "", values);
  },
  async invite(args) {
    const { values, positionals } = parse("invite", args);
    const { runInvite } = await import("./creator.ts");
    return runInvite(positionals[0] ?? "", { ...values, sign: await creatorSigning() });
  },
  async revoke(args) {
    const { values, positionals } = parse("revoke", args);
    const { runRevoke } = await import("./creator.ts");
    return runRevoke(positionals[0] ?? "", { ...values, sign: await creatorSigning() });
  },
  async room(args) {
    const { values, positionals } = parse("room", args);
    const { runRoom } = await import("./creator.ts");
    return runRoom(positionals[0] ?? "", { ...values, sign: await creatorSigning() });
  },
  async resume(args) {
    const { values, positionals } = parse("resume", args);
    const { runResume } = await import("./join.ts");
    return runResume(positionals[0] ?? "", values);
  },
  async simulate(args) {
    const { values } = parse("simulate", args);
    const { runSimulate } = await import("./simulate-command.ts");
    return runSimulate(values);
  },
  async doctor(args) {
    const { values } = parse("doctor", args);
    const { runDoctor } = await import("./doctor/doctor.ts");
    return runDoctor(values);
  },
};

function parse<Name extends CommandName>(name: Name, args: readonly string[]) {
  const { options, takes } = commands[name];
  const parsed = parseOptions<(typeof commands)[Name]["options"]>(options, args);
  const missing = takes[parsed.positionals.length];
  const surplus = parsed.positionals[takes.length];
  if (missing !== undefined) throw usageError(`${missing} (nothing): shoal ${name} ${commands[name].usage}`);
  if (surplus !== undefined)
    throw usageError(`argument (${surplus}): shoal ${name} takes ${takes.length || "none"}`);
  return parsed;
}

async function main([first, ...rest]: readonly string[]): Promise<ExitCode> {
  if (first === undefined || first === "--help" || first === "-h") return print(generalHelp());
  if (first === "--version") return print(`${readVersion()}\n`);
  if (first === "help") return print(rest[0] === undefined ? generalHelp() : commandHelp(commandOf(rest[0])));
  const command = commandOf(first);
  if (rest.includes("--help") || rest.includes("-h")) return print(commandHelp(command));
  return runners[command](rest);
}

function commandOf(word: string): CommandName {
  if (isCommandName(word)) return word;
  const kind = word.startsWith("-") ? "unknown option" : "unknown command";
  throw usageError(
    `${kind} (${word}): ${suggestion(word, commandNames, "`shoal --help` lists the commands")}`,
  );
}

function print(content: string): ExitCode {
  process.stdout.write(content);
  return exitCodes.done;
}

function say(sentence: string): void {
  process.stderr.write(`shoal: ${printable(sentence)}\n`);
}

/** Exits at once: nobody knows what still runs. */
function crash(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  const stack = process.env["SHOAL_DEBUG"] && error instanceof Error ? `${error.stack}\n` : "";
  // Last of all exit handlers: what is written before a screen gives the terminal back goes with it.
  process.on("exit", () => {
    say(`unexpected: ${message}: please report it, with SHOAL_DEBUG=1 for the stack`);
    process.stderr.write(stack);
  });
  process.exit(exitCodes.trainer);
}

// The reader is gone (`shoal … | head`): nobody wants to know any more.
process.stdout.on("error", () => process.exit(exitCodes.done));
process.on("uncaughtException", crash);
try {
  // Set, not exited with: a process that does not end by itself has a leak that must be seen.
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandError)) crash(error);
  say(error.message);
  process.exitCode = error.exitCode;
}
