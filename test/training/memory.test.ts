import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { MemoryFigures } from "../../bench/memory-child.ts";
import { peakBytes, whyTooBig } from "../../shared/training/memory.ts";
import { builtIn } from "./fixture.ts";

/** The heap grows by a fifth at a time, so nothing predicts it better than by a tenth. */
const tolerance = 0.25;

for (const model of ["mlp", "cnn", "resnet-20", "lstm", "transformer"]) {
  test(`the wasm heap of ${model} is what the formula says, within ${tolerance * 100} %`, () => {
    const child = fileURLToPath(new URL("../../bench/memory-child.js", import.meta.url));
    const { predictedBytes, heapBytes }: MemoryFigures = JSON.parse(
      execFileSync(process.execPath, [child, model], { encoding: "utf8" }),
    );
    const off = predictedBytes / heapBytes - 1;
    assert.ok(Math.abs(off) <= tolerance, `predicted ${predictedBytes}, measured ${heapBytes}`);
  });
}

test("activations grow with the batch, parameters do not", () => {
  const task = builtIn("cifar10-resnet20");
  const of = (batch: number) => peakBytes({ ...task, batch }, "wasm");
  assert.ok(Math.abs((of(512) - of(256)) / (of(256) - of(128)) - 2) < 1e-9);
});

test("what does not fit is one sentence with both figures, and names the narrowest limit", () => {
  const task = { ...builtIn("cifar10-resnet20"), batch: 4096 };
  const limits = [
    { bytes: 2 ** 32, whose: "WebAssembly can have" },
    { bytes: 1e9, whose: "this machine has free" },
  ];
  assert.match(
    whyTooBig(task, "wasm", limits) ?? "",
    /^task cifar10-resnet20 \([78],\d{3} MB for resnet at batch 4096\): needs more memory than this machine has free \(1,000 MB\); a smaller batch or model would fit$/,
  );
  assert.equal(whyTooBig(builtIn("cifar10-resnet20"), "wasm", limits), undefined);
});
