/** WebGPU in Node, on a software adapter: slow, and it computes the same. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needsWebgpu, softwareAdapter } from "../needs.ts";
import { startServer, testTask } from "../server/fixture.ts";
import { run } from "../cli/command.ts";

Object.assign(process.env, softwareAdapter());

describe("webgpu in Node", { skip: needsWebgpu() }, () => {
  test("the same losses as wasm over 20 steps", { timeout: 60_000 }, async () => {
    const file = fileURLToPath(new URL("./webgpu-child.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 50_000 });
    const [onWebgpu, onWasm] = stdout.trimEnd().split("\n").map(parse);
    assert.match(onWebgpu?.backend ?? "", /^webgpu \(SwiftShader/);
    assert.match(onWasm?.backend ?? "", /^wasm/);
    assert.equal(onWasm?.losses.length, 20);
    for (const [step, loss] of onWasm.losses.entries()) {
      const off = Math.abs((onWebgpu?.losses[step] ?? NaN) / loss - 1);
      assert.ok(off < 1e-3, `step ${step} is off by ${off}`);
    }
  });

  test(
    "a software adapter is not chosen by itself, and used when asked for",
    { timeout: 60_000 },
    async (t) => {
      const { port } = await startServer(t, {
        tasks: { main: testTask({ model: { kind: "mlp", hidden: [8] } }) },
      });
      const join = (...more: string[]) =>
        run(t, "join", `http://127.0.0.1:${port}`, "--rounds", "2", "--json", ...more);
      const itself = await join();
      assert.match(itself.stdout, /"event":"backend","name":"wasm".*WebGPU: only a software adapter/);
      const asked = await join("--backend", "webgpu");
      assert.equal(asked.code, 0, asked.stderr);
      assert.match(
        asked.stdout,
        /"event":"backend","name":"webgpu","title":"WebGPU: SwiftShader.*You asked for WebGPU/,
      );
    },
  );
});

interface Figures {
  readonly backend: string;
  readonly losses: readonly number[];
}

function parse(line: string): Figures {
  return JSON.parse(line);
}
