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
      const forbidden = Object.keys(value).find((key) => forbiddenKeys.has(key));
      if (forbidden !== undefined) return `it has a key named ${forbidden}`;
      // Most of a report are figures: pairs of keys and values of them all would cost four times as much.
      for (const inner of Object.values(value))
        if (typeof inner === "object" && inner !== null) below.push(inner);
    }
    level = below;
  }
  return null;
}
