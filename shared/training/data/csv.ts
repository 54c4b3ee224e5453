/**
 * Tables: a header, columns of numbers and one column with the class. The columns are standardised by mean
 * and deviation of all training rows, so that every peer, whatever its shard, sees the same numbers.
 */
import type { TableData, TableSet } from "./data-set.ts";
import { dataError, sizeOf } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import { csvRows } from "./csv-rows.ts";
import type { CsvRow } from "./csv-rows.ts";
import type { SpecOf } from "./describe.ts";
import type { LoadOptions } from "./load-options.ts";
import { holdOut, samplesOf } from "./shards.ts";

type Spec = SpecOf<"csv">;

/** Measured: 1 GB of memory while it is loaded. */
const maxBytes = 128 * 1024 * 1024;

/** All rows of the file; behind them there may be room. */
interface Table {
  readonly values: Float64Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

export async function loadCsv(spec: Spec, { shard, source }: LoadOptions): Promise<TableData> {
  const table = await readTable(spec, source);
  const { train, validation } = holdOut(table.count, spec.validationSamples, spec.seed);
  standardize(table, train, spec.columns);
  const labels = () => train.map((row) => table.labels[row] ?? 0);
  const of = { count: train.length, classes: spec.classes.length, labels: () => Uint8Array.from(labels()) };
  const own = (await samplesOf(shard, of, spec)).map((sample) => train[sample] ?? 0);
  return {
    kind: "table",
    columns: spec.columns,
    classes: spec.classes.length,
    train: rowsOf(table, own, spec.columns),
    validation: rowsOf(table, validation, spec.columns),
  };
}

/** @throws Error with one sentence about the first thing that is wrong. */
export async function checkCsv(spec: Spec, source: DataSource): Promise<void> {
  await readTable(spec, source);
}

async function readTable(spec: Spec, source: DataSource): Promise<Table> {
  const { file, columns, validationSamples, shards } = spec;
  const size = await sizeOf(source, file);
  if (size > maxBytes) throw dataError(file, `has ${size} bytes, at most ${maxBytes} can be learned from`);
  const bytes = await source.read(file);
  const rows = csvRows(bytes, file);
  const header = rows.next();
  if (header.done === true) throw dataError(file, "is empty, expected is a header with the columns' names");
  const { names, labelAt } = readHeader(header.value, spec);
  const most = mostRows(bytes, columns);
  const values = new Float64Array(most * columns);
  const labels = new Uint8Array(most);
  let count = 0;
  for (const row of rows) {
    assertFields(row, names, file);
    labels[count] = readClass(row, labelAt, spec);
    readNumbers(row, labelAt, names, file, values.subarray(count * columns));
    count += 1;
  }
  if (count < validationSamples + shards)
    throw dataError(
      file,
      `has ${count} rows, too few for data.validationSamples ${validationSamples} and a row for each of data.shards ${shards}`,
    );
  return { values, labels, count };
}

function readHeader({ fields }: CsvRow, { file, label, columns }: Spec) {
  const names = fields.map((name) => name.trim());
  const labelAt = names.indexOf(label);
  if (labelAt === -1)
    throw dataError(
      file,
      `its header has no column "${label}" (data.label), it has ${names.slice(0, 20).join(", ")}`,
    );
  if (names.length - 1 !== columns)
    throw dataError(
      file,
      `has ${names.length - 1} columns besides "${label}", data.columns is ${columns}: set it to ${names.length - 1}`,
    );
  return { names, labelAt };
}

/** As many as there are line ends, and none shorter than digits with commas between them. */
function mostRows(bytes: Uint8Array, columns: number): number {
  let lineEnds = 0;
  for (const byte of bytes) if (byte === 0x0a) lineEnds += 1;
  return 1 + Math.min(lineEnds, Math.floor(bytes.length / (2 * columns + 1)));
}

function assertFields({ line, fields }: CsvRow, names: readonly string[], file: string): void {
  if (fields.length !== names.length)
    throw dataError(
      file,
      `line ${line} has ${fields.length} fields, expected are the ${names.length} of the header`,
    );
}

function readClass({ line, fields }: CsvRow, at: number, { file, label, classes }: Spec): number {
  const name = (fields[at] ?? "").trim();
  const found = classes.indexOf(name);
  if (found === -1)
    throw dataError(
      file,
      `line ${line}: ${label} is "${name.slice(0, 80)}", expected is one of data.classes (${classes.slice(0, 20).join(", ")})`,
    );
  return found;
}

/** Into `values`, from their beginning on. */
function readNumbers(
  { line, fields }: CsvRow,
  labelAt: number,
  names: readonly string[],
  file: string,
  values: Float64Array,
): void {
  let at = 0;
  for (const [column, field] of fields.entries()) {
    if (column === labelAt) continue;
    const value = field.trim() === "" ? NaN : Number(field);
    if (!Number.isFinite(value))
      throw dataError(
        file,
        `line ${line}: ${names[column] ?? ""} is "${field.slice(0, 80)}", expected is a number`,
      );
    values[at++] = value;
  }
}

/** In place; a column that is the same everywhere becomes 0. */
function standardize({ values, count }: Table, train: Uint32Array, columns: number): void {
  for (let column = 0; column < columns; column++) {
    const at = (row: number) => values[row * columns + column] ?? 0;
    const mean = train.reduce((sum, row) => sum + at(row), 0) / train.length;
    const squares = train.reduce((sum, row) => sum + (at(row) - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / train.length) || 1;
    for (let row = 0; row < count; row++) values[row * columns + column] = (at(row) - mean) / deviation;
  }
}

function rowsOf({ values, labels }: Table, which: Uint32Array, columns: number): TableSet {
  const set = {
    count: which.length,
    values: new Float32Array(which.length * columns),
    labels: new Uint8Array(which.length),
  };
  for (const [index, row] of which.entries()) {
    set.values.set(values.subarray(row * columns, (row + 1) * columns), index * columns);
    set.labels[index] = labels[row] ?? 0;
  }
  return set;
}
