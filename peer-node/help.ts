/** The help, printed from the tables that parse the command line: examples first, then options. */
import type { OptionTable } from "./cli-options.ts";
import { commandNames, commands } from "./commands.ts";
import type { CommandName } from "./commands.ts";
import { exitCodeMeanings } from "./exit-codes.ts";

export function generalHelp(): string {
  const names = commandNames.map((name) => [name, commands[name].summary] as const);
  return sections([
    ["shoal: train one model together, peer to peer, over networks that lose packets", []],
    [
      "Examples",
      columns([
        ["shoal demo", "server and four peers here, to watch it work"],
        ["shoal serve", "start a room"],
        ["shoal join http://HOST:8080", "train in it, from any machine"],
      ]),
    ],
    ["Commands", columns(names)],
    [
      "Options",
      columns([
        ["--help, -h", "this, or `shoal help COMMAND`"],
        ["--version", "the version"],
      ]),
    ],
    ["Exit codes", exitCodeTable()],
  ]);
}

export function commandHelp(name: CommandName): string {
  const { summary, usage, examples, options } = commands[name];
  return sections([
    [`shoal ${name} ${usage}: ${summary}`, []],
    ["Examples", columns(examples.map(([what, how]) => [how, what]))],
    ["Options", optionLines(options)],
    ["Exit codes", exitCodeTable()],
  ]);
}

export function optionLines(options: OptionTable): string[] {
  const shown = Object.entries(options).filter(([, option]) => !option.hidden);
  return columns(
    shown.map(([name, { placeholder, help }]) => [`--${name}${placeholder ? ` ${placeholder}` : ""}`, help]),
  );
}

function exitCodeTable(): string[] {
  return exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}

function sections(parts: readonly (readonly [string, readonly string[]])[]): string {
  return parts.map(([title, lines]) => [title, ...lines].join("\n")).join("\n\n") + "\n";
}
