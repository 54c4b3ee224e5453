/** Benches refuse nonsense as the command does: before anything is measured, in one sentence. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const cases: readonly (readonly [bench: string, args: string, says: RegExp])[] = [
  ["attacks", "--lies none", /^attacks\.js: --lies \(none\): must be some of not-finite, huge, .*commas$/],
  ["compute", "--models foo", /^compute\.js: --models \(foo\): must be some of mlp, cnn, .*commas$/],
  ["compute", "--out figures.txt", /^compute\.js: --out \(figures\.txt\): must be a file .*\.json$/],
  ["four-peers", "--data-dir /nowhere", /^four-peers\.js: --data-dir \(\/nowhere\): must be a folder/],
  ["gpu-check", "--steps x", /^gpu-check\.js: --steps \(x\): must be a whole number/],
  [
    "hostile-input",
    "--only bytes",
    /^hostile-input\.js: --only \(bytes\): must be some of packets, events, .*/,
  ],
  ["kernels", "--turns x", /^kernels\.js: --turns \(x\): must be a whole number/],
  ["leaks", "--steps x", /^leaks\.js: --steps \(x\): must be a whole number/],
  ["learn", "nosuch", /^learn\.js: unknown task \(nosuch\): there are /],
  ["learn", "--backend foo", /^learn\.js: --backend \(foo\): must be one of wasm, cpu$/],
  ["loss", "--drops 0.1,x", /^loss\.js: --drops \(0\.1,x\): must be shares from 0 to 0\.9/],
  ["memory", "--nope", /^memory\.js: unknown option \(--nope\): /],
  ["overhead", "mnist-cnn twice", /^overhead\.js: argument \(twice\): takes TASK; --help/],
  ["robust-cost", "--peers 1", /^robust-cost\.js: --peers \(1\): must be .* 2 to 32$/],
  ["status-page", "--reporters 33", /^status-page\.js: --reporters \(33\): must be .* 1 to 32$/],
];

function run(bench: string, args: string) {
  const file = fileURLToPath(new URL(`../../bench/${bench}.js`, import.meta.url));
  return spawnSync(process.execPath, [file, ...args.split(" ")], { encoding: "utf8", timeout: 20_000 });
}

for (const [bench, args, says] of cases)
  test(`bench/${bench} ${args}`, () => {
    const { status, stdout, stderr } = run(bench, args);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr.trimEnd(), says);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  });

test("--help shows what a bench is for and its options", () => {
  const { status, stdout, stderr } = run("memory", "--help");
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /^node dist\/bench\/memory\.js \[options\]: how much memory .*\n\nOptions\n/);
  assert.match(stdout, /^ {2}--models NAME,… +which models \(default: all of mlp, /m);
});
