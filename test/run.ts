/**
 * `npm test`: every *.test.ts, skips by name. What only computes goes first, two files for each core; then two
 * files at a time of what mostly waits, for sockets and for peers that learn little; then, one file after the
 * other, what needs the machine to itself: links at full speed, browsers, labs, whole runs.
 * `node dist/test/run.js [--data-dir DIR] [part of a file name …]` runs some. With SHOAL_NO_SKIP=1 a test
 * that would be skipped fails instead: CI sets it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, setPriority, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Folders of tests whose outcome does not depend on how fast they run. */
const computing = ["averaging", "core", "data", "paper", "simulation", "training"];
/** Of tests that leave a processor idle most of the time. */
const waiting = ["checkpoints", "cli", "peers", "server"];

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { "data-dir": { type: "string" } },
  allowPositionals: true,
});
// tsc leaves the output of a test that is gone where it was.
const isThere = (file: string) => existsSync(join(here, "../../test", file.replace(/\.js$/, ".ts")));
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js") && isThere(file))
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .toSorted();

if (files.length === 0) {
  console.error(`no test file matches "${positionals.join(" ")}": names are those under test/`);
  process.exit(2);
}

/** A file that hangs fails and the others run; the longest takes a few minutes. */
const fileLimitMs = 600_000;

interface Outcome {
  readonly exitCode: number;
  /** What failed, in short. */
  readonly failures: string;
}

async function run(chosen: readonly string[], concurrency: number): Promise<Outcome> {
  if (chosen.length === 0) return { exitCode: 0, failures: "" };
  const folder = mkdtempSync(join(tmpdir(), "shoal-tests-"));
  const failures = join(folder, "failures.txt");
  const paths = chosen.map((file) => relative(process.cwd(), join(here, file)));
  const options = [
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileLimitMs}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${new URL("failures.js", import.meta.url).href}`,
    `--test-reporter-destination=${failures}`,
  ];
  const child = spawn(process.execPath, ["--enable-source-maps", "--test", ...options, ...paths], {
    stdio: "inherit",
    env: { ...process.env, ...(values["data-dir"] ? { SHOAL_DATA: values["data-dir"] } : {}) },
  });
  const exitCode = await new Promise<number>((resolve) =>
    child.on("exit", (code, signal) => resolve(signal ? 1 : (code ?? 1))),
  );
  try {
    return { exitCode, failures: existsSync(failures) ? readFileSync(failures, "utf8") : "" };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A dozen peers take all that they get, and this goes on for so many minutes anyhow: what is beside it goes first. */
const churnPriority = 10;

/** Says what it has to say at its end: the tests beside it write as well. */
async function churn(minutes: string | undefined): Promise<Outcome> {
  if (minutes === undefined) return { exitCode: 0, failures: "" };
  const bench = relative(process.cwd(), join(here, "../bench/chaos/chaos.js"));
  const child = spawn(process.execPath, [bench, "--row", "churn", "--minutes", minutes], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.pid !== undefined) setPriority(child.pid, churnPriority);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exitCode = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  console.log(said);
  return { exitCode, failures: exitCode === 0 ? "" : `${minutes} minutes of churn\n${said}` };
}

const isIn = (folders: readonly string[]) => (file: string) =>
  folders.some((folder) => file.startsWith(join(folder, "/")));
const needsAll = (file: string) => !isIn([...computing, ...waiting])(file);
const outcomes = [
  ...(await Promise.all([
    run(files.filter(isIn(computing)), 2 * availableParallelism()),
    churn(process.env["SHOAL_CHURN_MINUTES"]),
  ])),
  await run(files.filter(isIn(waiting)), 2),
  await run(files.filter(needsAll), 1),
];
// Who reads the end of a long log reads what failed, not what succeeded last.
const failed = outcomes.map(({ failures }) => failures).join("");
if (failed !== "") console.error(`failed:\n${failed}`);
process.exit(Math.max(...outcomes.map(({ exitCode }) => exitCode)));
