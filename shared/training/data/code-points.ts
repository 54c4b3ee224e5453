/** UTF-8 without making a string of it: hundreds of megabytes do not fit into one, nor into a list. */

/** Least code point of so many bytes: what fewer can say is no UTF-8. */
const least = [0, 0, 0x80, 0x800, 0x1_0000];

/**
 * Calls `visit` with each code point; a byte order mark in the beginning is none.
 * @returns where the first character begins that is no UTF-8; undefined if all are
 */
export function eachCodePoint(bytes: Uint8Array, visit: (code: number) => void): number | undefined {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (let at = hasMark ? 3 : 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      visit(lead);
      at += 1;
      continue;
    }
    const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let code = lead & (0x7f >> length);
    let isGood = lead >= 0xc2 && lead <= 0xf4;
    for (let more = 1; more < length; more++) {
      const byte = bytes[at + more] ?? 0;
      isGood &&= (byte & 0xc0) === 0x80;
      code = (code << 6) | (byte & 0x3f);
    }
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (!isGood || isSurrogate || code < (least[length] ?? 0) || code > 0x10_ffff) return at;
    visit(code);
    at += length;
  }
  return undefined;
}
