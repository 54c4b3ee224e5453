/**
 * The command line of a bench, read as `shoal` reads its own: one table of options parses and is the help, and
 * what does not fit is one sentence and exit code 2.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseOptions, text } from "../peer-node/cli-options.ts";
import type { Option, OptionTable, ParsedOptions } from "../peer-node/cli-options.ts";
import { CommandError, usageError } from "../peer-node/exit-codes.ts";
import { optionLines } from "../peer-node/help.ts";

export interface Bench<Table extends OptionTable> {
  /** One sentence. */
  readonly what: string;
  /** The name of its one argument, where it takes one. */
  readonly argument?: string;
  readonly options: Table;
}

/** Ends the process after `--help` and on wrong use, also on what other code finds wrong later. */
export function readOptions<Table extends OptionTable>(bench: Bench<Table>): ParsedOptions<Table> {
  process.on("uncaughtException", fail);
  const [, file = "", ...args] = process.argv;
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(helpText(file, bench));
    process.exit(0);
  }
  const parsed = parseOptions(bench.options, args);
  const surplus = parsed.positionals[bench.argument === undefined ? 0 : 1];
  if (surplus !== undefined)
    throw usageError(`argument (${surplus}): takes ${bench.argument ?? "none"}; --help shows what there is`);
  return parsed;
}

function helpText(file: string, { what, argument, options }: Bench<OptionTable>): string {
  const usage = ["node", scriptName(file), argument && `[${argument}]`, "[options]"];
  return [`${usage.filter(Boolean).join(" ")}: ${what}`, "", "Options", ...optionLines(options), ""].join(
    "\n",
  );
}

const ownFolder = fileURLToPath(new URL("..", import.meta.url));

/** As it is called from the project's folder. */
function scriptName(file: string): string {
  return join("dist", relative(ownFolder, file));
}

function fail(error: unknown): never {
  const isWrongUse = error instanceof CommandError;
  const words = isWrongUse ? error.message : error instanceof Error ? error.stack : String(error);
  console.error(`${basename(process.argv[1] ?? "")}: ${words}`);
  process.exit(isWrongUse ? error.exitCode : 1);
}

/** Names, separated by commas. */
export function someOf<const Name extends string>(names: readonly Name[], help: string): Option<Name[]> {
  const read = (texts: readonly string[]): Name[] => {
    const wanted = new Set((texts.at(-1) ?? "").split(",").map((word) => word.trim()));
    const found = names.filter((name) => wanted.has(name));
    if (found.length < wanted.size) throw new Error(`some of ${names.join(", ")}, separated by commas`);
    return found;
  };
  return { placeholder: "NAME,…", help: `${help} (default: all of ${names.join(", ")})`, read };
}

/** Shares from 0 to `most`, separated by commas. */
export function shares(help: string, most: number): Option<number[]> {
  const read = (texts: readonly string[]): number[] => {
    const words = (texts.at(-1) ?? "").split(",");
    const found = words.map((word) => (word.trim() === "" ? NaN : Number(word)));
    if (!found.every((share) => share >= 0 && share <= most))
      throw new Error(`shares from 0 to ${most}, separated by commas`);
    return found;
  };
  return { placeholder: "P,…", help, read };
}

/** What is drawn goes beside it, under the same name. */
export function resultFile(what = "keep the figures there"): Option<string> {
  const { read, ...option } = text("FILE.json", what);
  return {
    ...option,
    read(texts) {
      const file = read(texts);
      if (!/[^/\\]\.json$/.test(file)) throw new Error("a file whose name ends in .json");
      return file;
    },
  };
}

export function keep(file: string | undefined, content: string): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
