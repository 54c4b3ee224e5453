/** The version in package.json, read where the package lies: two directories above dist/peer-node. */
import { readFileSync } from "node:fs";

export function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const isNamed = typeof json === "object" && json !== null && "version" in json;
  return isNamed && typeof json.version === "string" ? json.version : "0.0.0";
}
