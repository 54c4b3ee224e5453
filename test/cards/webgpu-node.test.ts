/** WebGPU in Node, on a software adapter: slow, and it computes the same. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needsWebgpu, softwareAdapter } from "../needs.ts";
import { startServer, testTask } from "../server/fixture.ts";
import { run } from "../cli/command.ts";
import { operationTable } from "../training/operation-table.ts";

Object.assign(process.env, softwareAdapter());

describe("webgpu in Node", { skip: needsWebgpu() }, () => {
  test("every operation computes what the processor computes, and a model learns the same", async (t) => {
    const file = fileURLToPath(new URL("../../bench/gpu-check.js", import.meta.url));
    const startedMs = performance.now();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [file, "--cases", "1", "--models", "cnn", "--steps", "5"],
      { timeout: 300_000 },
    );
    t.diagnostic(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
    const [card = "", ...judgements] = stdout.trimEnd().split("\n");
    assert.match(card, /^SwiftShader/);
    assert.equal(judgements.length, operationTable.length + 1, stdout);
    assert.deepEqual(
      judgements.filter((line) => !line.startsWith("right  ")),
      [],
    );
  });

  test("a software adapter is not chosen by itself, because it is one", async () => {
    const file = fileURLToPath(new URL("choosing-child.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 300_000 });
    const report: { name: string; why: string } = JSON.parse(stdout);
    assert.equal(report.name, "wasm");
    assert.match(report.why, /WebGPU: only a software adapter/);
  });

  test("a software adapter is used when asked for, and only then", { timeout: 300_000 }, async (t) => {
    const { port } = await startServer(t, {
      tasks: { main: testTask({ model: { kind: "mlp", hidden: [8] } }) },
    });
    const join = (...more: string[]) =>
      run(t, "join", `http://127.0.0.1:${port}`, "--rounds", "2", "--json", ...more);
    const itself = await join();
    assert.match(itself.stdout, /"event":"backend","name":"wasm"/);
    const asked = await join("--backend", "webgpu");
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(
      asked.stdout,
      /"event":"backend","name":"webgpu","title":"WebGPU: SwiftShader.*You asked for WebGPU/,
    );
  });
});
