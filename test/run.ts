/**
 * `npm test`: every *.test.ts, one file after the other (timing matters to many of them), skips by name.
 * `node dist/test/run.js [--data-dir DIR] [part of a file name …]` runs some. With SHOAL_NO_SKIP=1 a test
 * that would be skipped fails instead: CI sets it.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { "data-dir": { type: "string" } },
  allowPositionals: true,
});
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .toSorted()
  .map((file) => relative(process.cwd(), join(here, file)));

if (files.length === 0) {
  console.error(`no test file matches "${positionals.join(" ")}": names are those under test/`);
  process.exit(2);
}
const child = spawn(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-concurrency=1", "--test-reporter=spec", ...files],
  {
    stdio: "inherit",
    env: { ...process.env, ...(values["data-dir"] ? { SHOAL_DATA: values["data-dir"] } : {}) },
  },
);
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
