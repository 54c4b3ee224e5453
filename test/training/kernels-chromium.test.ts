/** The kernels' results are the same bits in Node and in Chromium: peers of both kinds compute the same. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { readKernels } from "../../peer-node/wasm-binaries.ts";
import { launchChromium } from "../browser/chromium.ts";
import { needsChromium } from "../needs.ts";

/** Runs in either: a digest of what each kernel makes of the same numbers. `base64`: the module. */
async function digests(base64: string): Promise<Record<string, number>> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 512 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const floats = new Float32Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  const megabyte = 1 << 20;
  let state = 1;
  for (let i = 0; i < 4 * (megabyte / 4); i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    floats[i + megabyte / 4] = state / 2 ** 31 - 1;
  }

  /** Inputs from 1 MB on, results from 6 MB on, scratch from 16 MB on. */
  function digest(name: string, ...numbers: readonly number[]): number {
    const kernel = instance.exports[name];
    if (typeof kernel !== "function") throw new Error(`no ${name}`);
    floats.fill(0, (6 * megabyte) / 4);
    kernel(...numbers);
    let hash = 0;
    for (const word of words.subarray((6 * megabyte) / 4, (12 * megabyte) / 4)) {
      hash = (Math.imul(hash, 31) + word) >>> 0;
    }
    return hash;
  }

  const [a, b, c, d] = [megabyte, 2 * megabyte, 3 * megabyte, 4 * megabyte];
  const [x, y, z, scratch] = [6 * megabyte, 8 * megabyte, 10 * megabyte, 16 * megabyte];
  return {
    winograd: digest("winograd", a, b, x, 2, 9, 8, 16, 8, 0, scratch),
    winogradFilter: digest("winogradFilter", a, b, x, 2, 9, 8, 16, 8, scratch),
    convolve: digest("convolve", a, b, x, 2, 9, 8, 3, 5, 4, 11, 3, 3, 2, 1, 1, scratch),
    gemm: digest("gemm", a, 40, 4, b, 28, 4, x, 28, 9, 7, 10, 0, scratch),
    batchNorm: digest("batchNorm", a, b, c, d, x, y, z, 50, 16, 1e-5, 1),
    lstm: digest("lstm", a, b, x, y, z, 5, 3, 16, scratch),
    crossEntropy: digest("crossEntropy", a, 12 * megabyte, x, y, 9, 13),
    layerNorm: digest("layerNorm", a, b, c, x, y, z, 9, 16, 1e-5),
    gelu: digest("gelu", a, x, 1_001),
    attention: digest("attention", a, x, y, 2, 7, 12, 3, scratch),
  };
}

test("every kernel: the same bits in Node and in Chromium", { skip: needsChromium() }, async (t) => {
  const module = Buffer.from(new Uint8Array(await moduleBytes())).toString("base64");
  const browser = await launchChromium(t);
  const page = await browser.newPage();
  const inChromium = await page.evaluate(digests, module);
  const inNode = await digests(module);
  assert.deepEqual(inChromium, inNode);
  assert.equal(new Set(Object.values(inNode)).size, Object.keys(inNode).length);
});

async function moduleBytes(): Promise<ArrayBuffer> {
  return new Response(await readKernels(false)).arrayBuffer();
}
