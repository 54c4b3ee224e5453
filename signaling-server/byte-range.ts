/** The Range header: one range of bytes (RFC 9110, section 14). */
import type { ByteRange } from "../shared/training/data/data-source.ts";

/** Undefined: send all, as for what is no single range of bytes. "unsatisfiable": outside of the file. */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const from = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < from) return undefined;
  return from < end ? { from, length: end - from } : "unsatisfiable";
}
