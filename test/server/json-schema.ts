/** The part of JSON Schema that docs/status.schema.json uses; a word that it does not know is an error. */
import assert from "node:assert/strict";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Schema = { readonly [key: string]: Json };

const isRecord = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const typeOf = (value: Json): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
};

function isOfType(value: Json, type: Json): boolean {
  if (Array.isArray(type)) return type.some((one: Json) => isOfType(value, one));
  return type === "integer" ? Number.isInteger(value) : typeOf(value) === type;
}

const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Every way in which `value` is not what the schema says, as "path: what". */
export function faultsOf(value: Json, schema: Schema, root: Schema = schema, path = ""): string[] {
  const inner = (next: Json, by: Json | undefined, step: string) => {
    assert.ok(isRecord(by), `${path}: no schema`);
    return faultsOf(next, by, root, `${path}/${step}`);
  };
  const keywords: Readonly<Record<string, (of: Json) => string[] | boolean>> = {
    $schema: () => true,
    $defs: () => true,
    title: () => true,
    description: () => true,
    $ref(of) {
      const name = textOf(of).replace("#/$defs/", "");
      const found = isRecord(root["$defs"]) ? root["$defs"][name] : undefined;
      assert.ok(isRecord(found), `${path}: there is no ${textOf(of)}`);
      return faultsOf(value, found, root, path);
    },
    type: (of) => isOfType(value, of),
    const: (of) => value === of,
    enum: (of) => Array.isArray(of) && of.includes(value),
    minimum: (of) => typeof value !== "number" || value >= Number(of),
    maximum: (of) => typeof value !== "number" || value <= Number(of),
    pattern: (of) => new RegExp(textOf(of)).test(textOf(value)),
    maxItems: (of) => !Array.isArray(value) || value.length <= Number(of),
    items: (of) =>
      Array.isArray(value) ? value.flatMap((item: Json, index) => inner(item, of, `${index}`)) : [],
    required: (of) => !isRecord(value) || (Array.isArray(of) && of.every((key) => String(key) in value)),
    properties(of) {
      if (!isRecord(value) || !isRecord(of)) return [];
      return Object.entries(value).flatMap(([key, next]) => (key in of ? inner(next, of[key], key) : []));
    },
    additionalProperties(of) {
      if (!isRecord(value)) return [];
      const known = isRecord(schema["properties"]) ? schema["properties"] : {};
      const more = Object.entries(value).filter(([key]) => !(key in known));
      if (of === false) return more.map(([key]) => `${path}/${key}: not in the schema`);
      return more.flatMap(([key, next]) => inner(next, of, key));
    },
  };
  return Object.entries(schema).flatMap(([keyword, of]) => {
    const judge = keywords[keyword];
    assert.ok(judge, `the checker does not know "${keyword}"`);
    const verdict = judge(of);
    if (typeof verdict !== "boolean") return verdict;
    return verdict
      ? []
      : [`${path}: ${keyword} ${JSON.stringify(of)} does not hold for ${JSON.stringify(value)}`];
  });
}
