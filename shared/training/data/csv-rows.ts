/**
 * Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, line ends and quotes ("" is
 * one). Row by row: a list of them all would take many times the file.
 */
import { dataError } from "./data-source.ts";

export interface CsvRow {
  /** Of its first character, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

const pieceBytes = 64 * 1024;
/** Twice as many as a task can name. */
const mostFields = 8_192;

/** Without empty lines. @throws Error with one sentence about a quote that is never closed. */
export function* csvRows(bytes: Uint8Array, file: string): Generator<CsvRow> {
  const decoder = new TextDecoder();
  const reader = createRowReader(file);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    yield* reader.take(decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true }));
  yield* reader.take(decoder.decode());
  yield* reader.end();
}

function createRowReader(file: string) {
  let rows: CsvRow[] = [];
  let fields: string[] = [];
  let field = "";
  let line = 1;
  let startLine = 1;
  /** Where the quote began that is open; 0: none. */
  let quoteLine = 0;
  /** The last character was a quote inside of quotes: the end, or the first of two. */
  let mayBeEnd = false;

  function endField(): void {
    fields.push(field);
    field = "";
    if (fields.length > mostFields)
      throw dataError(file, `line ${startLine} has more than ${mostFields} fields`);
  }

  function endRow(): void {
    endField();
    if (fields.length > 1 || fields[0] !== "") rows.push({ line: startLine, fields });
    fields = [];
    startLine = line;
  }

  function takeQuoted(character: string): void {
    if (character === '"') mayBeEnd = true;
    else field += character;
  }

  function takeBare(character: string): void {
    if (character === '"' && field.trim() === "") {
      field = "";
      quoteLine = line;
    } else if (character === ",") endField();
    else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }

  /** Afterwards no character is at hand that might be the end of a quote. */
  function closeQuote(): void {
    quoteLine = 0;
    mayBeEnd = false;
  }

  function take(text: string): readonly CsvRow[] {
    rows = [];
    for (let at = 0; at < text.length; at++) {
      const plain = plainRun(text, at);
      if (plain > at) {
        if (mayBeEnd) closeQuote();
        field += text.slice(at, plain);
        at = plain - 1;
        continue;
      }
      const character = text[at] ?? "";
      if (character === "\n") line += 1;
      if (mayBeEnd && character === '"') {
        field += character;
        mayBeEnd = false;
        continue;
      }
      if (mayBeEnd) closeQuote();
      if (quoteLine > 0) takeQuoted(character);
      else takeBare(character);
    }
    return rows;
  }

  return {
    /** The rows that end in this piece of the text. */
    take,
    end(): readonly CsvRow[] {
      if (mayBeEnd) closeQuote();
      if (quoteLine > 0) throw dataError(file, `the quote that opens in line ${quoteLine} is never closed`);
      rows = [];
      endRow();
      return rows;
    },
  };
}

/** Where the next character is that may mean something: quote, comma, line end. */
function plainRun(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22 || code === 0x2c || code === 0x0a || code === 0x0d) return at;
  }
  return text.length;
}
