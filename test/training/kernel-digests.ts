/** What every kernel makes of the same numbers, as one number each: engines and builds must agree on all bits. */
import { Buffer } from "node:buffer";
import { readKernels } from "../../peer-node/wasm-binaries.ts";

export interface KernelBuild {
  readonly base64: string;
  /** Built for memory that threads share, and run on such. */
  readonly shared: boolean;
}

export async function kernelBuild(shared: boolean): Promise<KernelBuild> {
  const bytes = await new Response(await readKernels(shared)).arrayBuffer();
  return { base64: Buffer.from(new Uint8Array(bytes)).toString("base64"), shared };
}

/**
 * Stands alone, so that it can be handed to a page. By name, and "nothing" for no kernel at all.
 * @throws Error for an export that is not in the table below
 */
export async function kernelDigests({ base64, shared }: KernelBuild): Promise<Record<string, number>> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const floats = new Float32Array(memory.buffer);
  const words = new Int32Array(memory.buffer);
  const megabyte = 1 << 20;
  const at = (megabytes: number) => megabytes * megabyte;
  // Inputs: random, numbers of rows from -1 on, positive. Results. Scratch.
  const [a, b, c, d, ids, positive] = [at(1), at(2), at(3), at(4), at(5), at(5.5)];
  const [x, y, z, v, scratch] = [at(6), at(8), at(10), at(12), at(16)];

  const image = [2, 9, 8];
  const strided = [...image, 3, 5, 4, 11, 3, 3, 2, 1, 1];
  const calls: Record<string, readonly number[]> = {
    addBias: [a, b, 9, 13, 1],
    addRelu: [a, b, x, 1_001],
    attention: [a, x, y, 2, 7, 12, 3, scratch],
    attentionGradient: [a, b, c, x, 2, 7, 12, 3, at(15), scratch],
    batchNorm: [a, b, c, d, x, y, z, 50, 16, 1e-5, 1],
    batchNormGradient: [a, b, c, d, c, positive, x, y, z, v, 50, 16, 1e-5],
    convolve: [a, b, x, ...strided, scratch],
    convolveBack: [a, b, x, ...strided, scratch],
    convolveFilter: [a, b, x, ...strided, scratch],
    crossEntropy: [a, ids, x, y, 9, 13],
    gelu: [a, x, 1_001],
    geluGradient: [a, b, x, 1_001],
    gemm: [a, 40, 4, b, 28, 4, x, 28, 9, 7, 10, 0, scratch],
    halvingShortcut: [a, x, ...image, 5, 2, 3],
    halvingShortcutGradient: [a, x, ...image, 5, 2, 3],
    layerNorm: [a, b, c, x, y, z, 9, 16, 1e-5],
    layerNormGradient: [a, b, c, d, positive, x, y, z, 9, 16],
    lstm: [a, b, x, y, z, 5, 3, 16, scratch],
    lstmGradient: [a, b, c, d, positive, x, y, 5, 3, 16, scratch],
    maxPoolGradient: [a, b, x, ...image, 5, 5, 4, 3, 3, 2, 2, 1, 1],
    reluGradient: [a, b, x, 1_001],
    segmentSum: [a, ids, x, 9, 7, 13],
    sumRows: [a, x, 9, 13],
    takeRows: [a, ids, x, 9, 7, 13],
    winograd: [a, b, x, ...image, 16, 8, 0, scratch],
    winogradFilter: [a, b, x, ...image, 16, 8, scratch],
  };

  function fill(): void {
    floats.fill(0);
    let state = 1;
    for (let i = a / 4; i < ids / 4; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      floats[i] = state / 2 ** 31 - 1;
    }
    for (let i = 0; i < 1_000; i++) words[ids / 4 + i] = (i % 8) - 1;
    for (let i = 0; i < 10_000; i++) floats[positive / 4 + i] = Math.abs(floats[a / 4 + i] ?? 0);
  }

  /** Of inputs and results: some kernels write where they read. */
  function digest(compute: () => void): number {
    fill();
    compute();
    let hash = 0;
    for (let i = a / 4; i < at(14) / 4; i++) hash = (Math.imul(hash, 31) + (words[i] ?? 0)) | 0;
    return hash;
  }

  const digests: Record<string, number> = { nothing: digest(() => {}) };
  for (const [name, kernel] of Object.entries(instance.exports)) {
    // Those that say how much scratch another one needs compute nothing.
    if (typeof kernel !== "function" || name.endsWith("Scratch")) continue;
    const numbers = calls[name];
    if (kernel.length !== numbers?.length)
      throw new Error(
        `kernel ${name} takes ${kernel.length} numbers, ${numbers?.length ?? "none"} are given`,
      );
    digests[name] = digest(() => kernel(...numbers));
  }
  return digests;
}
