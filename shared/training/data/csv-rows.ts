/** Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, line ends and quotes ("" is one). */
import { dataError } from "./data-source.ts";

export interface CsvRow {
  /** Of its first character, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Without empty lines. @throws Error with one sentence about a quote that is never closed. */
export function parseCsv(text: string, file: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let field = "";
  let line = 1;
  let startLine = 1;
  let quoteLine = 0;

  function endRow(): void {
    fields.push(field);
    if (fields.length > 1 || field !== "") rows.push({ line: startLine, fields });
    fields = [];
    field = "";
    startLine = line;
  }

  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\n") line += 1;
    if (quoteLine > 0) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') field += text[++at];
      else quoteLine = 0;
    } else if (character === '"' && field.trim() === "") {
      field = "";
      quoteLine = line;
    } else if (character === ",") {
      fields.push(field);
      field = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }
  if (quoteLine > 0) throw dataError(file, `the quote that opens in line ${quoteLine} is never closed`);
  endRow();
  return rows;
}
