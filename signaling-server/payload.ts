/**
 * What no payload of ours contains, looked for before the schemas: they would ignore a `__proto__` key
 * (`key in entries` is true for inherited names), and printing a very deep value overflows the stack.
 */
const maxDepth = 8;
const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);

/** Why `payload` is refused whatever its schema says, or null. */
export function payloadFault(payload: unknown): string | null {
  let level: unknown[] = [payload];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return `it is nested deeper than ${maxDepth} levels`;
    const below: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      if (ArrayBuffer.isView(value)) return "it has binary attachments: send JSON";
      const entries = Object.entries(value);
      const forbidden = entries.find(([key]) => forbiddenKeys.has(key));
      if (forbidden) return `it has a key named ${forbidden[0]}`;
      for (const [, inner] of entries) below.push(inner);
    }
    level = below;
  }
  return null;
}
