/**
 * Options as a table: the same entries parse the command line and print the help, so that the two cannot
 * disagree. What does not fit is one sentence, with the nearest option that exists.
 */
import { parseArgs } from "node:util";
import { isIceServer } from "../shared/net/ice-server.ts";
import { usageError } from "./exit-codes.ts";
import { suggestion } from "./nearest.ts";

export interface Option<Value> {
  /** What stands for the value in the help; absent: a switch without one. */
  readonly placeholder?: string;
  readonly help: string;
  /** Not in the help: for shoal's own child processes. */
  readonly hidden?: boolean;
  /** Takes every value that was given, at least one (none for a switch). Throws the hint. */
  read(texts: readonly string[]): Value;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]["read"]> | undefined;
};

export function flag(help: string, { hidden = false } = {}): Option<boolean> {
  return { help, hidden, read: () => true };
}

export function text(placeholder: string, help: string): Option<string> {
  return { placeholder, help, read: lastOf };
}

export function oneOf<const Name extends string>(
  names: readonly Name[],
  help: string,
  placeholder = names.join("|"),
): Option<Name> {
  const read = (texts: readonly string[]): Name => {
    const found = names.find((name) => name === lastOf(texts));
    if (found === undefined) throw new Error(`one of ${names.join(", ")}`);
    return found;
  };
  return { placeholder, help, read };
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
}

export function number(placeholder: string, help: string, { min, max }: NumberRange): Option<number> {
  const read = (texts: readonly string[]): number => {
    const value = toNumber(lastOf(texts));
    if (!(value >= min && value <= max)) throw new Error(`a number from ${min} to ${max}`);
    return value;
  };
  return { placeholder, help, read };
}

export function wholeNumber(placeholder: string, help: string, { min, max }: NumberRange): Option<number> {
  const read = (texts: readonly string[]): number => {
    const value = toNumber(lastOf(texts));
    if (!Number.isInteger(value) || value < min || value > max)
      throw new Error(`a whole number from ${min} to ${max}`);
    return value;
  };
  return { placeholder, help, read };
}

/** May be given more than once. */
export function iceServers(help: string): Option<string[]> {
  const read = (texts: readonly string[]): string[] => {
    if (!texts.every(isIceServer))
      throw new Error("stun:HOST:PORT, turn:HOST:PORT or turn:USER:PASSWORD@HOST:PORT");
    return [...texts];
  };
  return { placeholder: "URL", help, read };
}

/** Scheme, host and port of pages, as browsers say them. */
export function origins(help: string): Option<string[]> {
  const read = (texts: readonly string[]): string[] =>
    texts.map((word) => {
      const found = URL.canParse(word) ? new URL(word) : undefined;
      const isWhole = found?.pathname === "/" && !/[?#@]/.test(word) && /^https?:$/.test(found.protocol);
      if (!found || !isWhole) throw new Error("https://HOST or http://HOST:PORT, nothing after it");
      return found.origin;
    });
  return { placeholder: "ORIGIN", help, read };
}

export interface ParsedOptions<Table extends OptionTable> {
  readonly values: OptionValues<Table>;
  readonly positionals: readonly string[];
}

/** @throws CommandError with one sentence on an unknown option, a missing value or one out of range. */
export function parseOptions<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
): ParsedOptions<Table> {
  const given = new Map<string, string[]>();
  const { tokens, positionals } = tokenize(table, args);
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = table[token.name];
    if (!option) throw unknownOption(token.rawName, table);
    given.set(token.name, [...(given.get(token.name) ?? []), ...valueOf(token, option)]);
  }
  return { values: readAll(table, given), positionals };
}

function readAll<Table extends OptionTable>(
  table: Table,
  given: ReadonlyMap<string, string[]>,
): OptionValues<Table> {
  const values: Partial<Record<keyof Table, unknown>> = {};
  for (const name in table) values[name] = readOption(name, table[name], given);
  // TypeScript forgets which option a name belongs to; the loop just read each with its own.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return values as OptionValues<Table>;
}

/** Not strict: parseArgs's own sentences know neither the nearest option nor the hint. */
function tokenize(table: OptionTable, args: readonly string[]) {
  const types = Object.entries(table).map(
    ([name, option]) => [name, { type: option.placeholder ? "string" : "boolean" }] as const,
  );
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueOf({ rawName, value, inlineValue }: OptionToken, option: Option<unknown>): string[] {
  if (option.placeholder === undefined) {
    if (inlineValue) throw usageError(`${rawName} (${value}): takes no value`);
    return [];
  }
  const isNextOption = !inlineValue && value !== undefined && /^-\D/.test(value);
  if (value === undefined || isNextOption)
    throw usageError(`${rawName} (nothing): needs a value, ${option.placeholder}`);
  return [value];
}

function readOption(
  name: string,
  option: Option<unknown> | undefined,
  given: ReadonlyMap<string, string[]>,
): unknown {
  const texts = given.get(name);
  if (!texts || !option) return undefined;
  try {
    return option.read(texts);
  } catch (error) {
    const hint = error instanceof Error ? error.message : String(error);
    throw usageError(`--${name} (${texts.join(", ")}): must be ${hint}`);
  }
}

function unknownOption(rawName: string, table: OptionTable): Error {
  const known = Object.entries(table)
    .filter(([, option]) => !option.hidden)
    .map(([name]) => `--${name}`);
  return usageError(
    `unknown option (${rawName}): ${suggestion(rawName, known, "--help lists the options there are")}`,
  );
}

function toNumber(given: string): number {
  return given.trim() === "" ? NaN : Number(given);
}

function lastOf(texts: readonly string[]): string {
  return texts.at(-1) ?? "";
}
