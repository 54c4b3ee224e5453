/**
 * Records as an address asks for them: `?record=3073&start=0&from=0&length=1&first=4096&take=…`, where `take`
 * has a bit for each record from `first` on, the lowest of each byte first, in base64url. Both ends are here.
 */
import * as v from "valibot";
import type { RecordField, RecordLayout } from "./data-source.ts";

/** Records that one query may span: an address of 2,800 characters, which no proxy on the way refuses. */
const recordsPerQuery = 16_384;
/** Of one answer. What is longer in one record is read by ranges. */
export const answerBytes = 4 * 1024 * 1024;
const takeCharacters = Math.ceil((recordsPerQuery / 8) * (4 / 3)) + 3;

export interface FieldQuery {
  readonly field: RecordField;
  /** Ascending. */
  readonly which: Uint32Array;
}

/** @param field of `answerBytes` at most */
export function fieldQueries(field: RecordField, which: Uint32Array): FieldQuery[] {
  if (field.length > answerBytes) throw new RangeError(`${field.length} bytes of a record are no query`);
  const queries: FieldQuery[] = [];
  for (let at = 0; at < which.length;) {
    const first = which[at] ?? 0;
    const rest = which.subarray(at, at + largestCount(field));
    const beyond = rest.findIndex((record) => record >= first + recordsPerQuery);
    const end = at + (beyond === -1 ? rest.length : beyond);
    queries.push({ field, which: which.subarray(at, end) });
    at = end;
  }
  return queries;
}

function largestCount({ length }: RecordField): number {
  return Math.floor(answerBytes / length);
}

export function writeFieldQuery({ field, which }: FieldQuery): string {
  const first = which[0] ?? 0;
  const bits = new Uint8Array(Math.ceil(((which.at(-1) ?? 0) - first + 1) / 8));
  for (const record of which) {
    const bit = record - first;
    bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  const { recordBytes, start, from, length } = field;
  const base64 = btoa(String.fromCharCode(...bits));
  const take = base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `record=${recordBytes}&start=${start}&from=${from}&length=${length}&first=${first}&take=${take}`;
}

const whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number));
const querySchema = v.strictObject({
  record: whole,
  start: whole,
  from: whole,
  length: whole,
  first: whole,
  take: v.pipe(v.string(), v.regex(/^[\w-]+$/), v.maxLength(takeCharacters)),
});

interface AskedFile {
  readonly bytes: number;
  readonly records?: RecordLayout;
}

/**
 * Undefined when it is no such query, or asks for what lies outside of the file or its records, or for
 * records that the file does not have: how much is read for a query is then up to the data set alone.
 */
export function readFieldQuery(query: unknown, { bytes, records }: AskedFile): FieldQuery | undefined {
  const { success, output } = v.safeParse(querySchema, query);
  if (!success) return undefined;
  const { record: recordBytes, start, from, length, first } = output;
  if (recordBytes !== records?.recordBytes || start !== records.start) return undefined;
  const field = { recordBytes, start, from, length };
  if (length < 1 || from + length > recordBytes) return undefined;
  const which = bitsOf(output.take).map((bit) => first + bit);
  const last = which.at(-1);
  if (last === undefined || which.length > largestCount(field)) return undefined;
  if (start + (last + 1) * recordBytes > bytes) return undefined;
  return { field, which };
}

function bitsOf(take: string): Uint32Array {
  const base64 = take.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = base64.length % 4 === 1 ? "" : atob(base64);
  const bits: number[] = [];
  for (let at = 0; at < bytes.length; at++)
    for (let bit = 0; bit < 8; bit++) if ((bytes.charCodeAt(at) >> bit) & 1) bits.push(8 * at + bit);
  return Uint32Array.from(bits);
}
