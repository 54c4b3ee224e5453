/**
 * Compiles the training kernels (shared/training/assembly, AssemblyScript) to WebAssembly; `npm run build`
 * runs it between tsc and web-build. Two builds: for a heap that threads share, and for one that they don't.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createMemoryStream, main } from "assemblyscript/asc";

// Run from dist/signaling-server; the compiler reads the sources.
const root = fileURLToPath(new URL("../../", import.meta.url));

// 112 is about vectors in exports; only the module itself exchanges them.
const options =
  "-O3 --disableWarning 112 --noAssert --runtime stub --enable simd --importMemory --initialMemory 1".split(
    " ",
  );
// The most that WebAssembly can have, in pages of 64 kB: the heap that comes may have any limit below it.
const shared = "--enable threads --sharedMemory --maximumMemory 65536".split(" ");

async function compile(name: string, more: readonly string[]): Promise<void> {
  const out = `dist/shared/training/${name}.wasm`;
  const files = ["shared/training/assembly/kernels.ts", "--baseDir", root, "--outFile", out];
  const stderr = createMemoryStream();
  const { error } = await main([...files, ...options, ...more], { stderr });
  if (error) throw new Error(`the kernels don't compile: ${stderr.toString()}`, { cause: error });
  const bytes = readFileSync(new URL(`../../${out}`, import.meta.url));
  assertNoData(await WebAssembly.compile(bytes), bytes, name);
  console.log(`${out}: ${(bytes.byteLength / 1_000).toFixed(1)} kB`);
}

/** On a heap that is another program's, data of ours would land on its data. */
function assertNoData(module: WebAssembly.Module, bytes: Uint8Array, name: string): void {
  const dataSection = 11;
  // After the 8 bytes of the header: sections, each an id, its length (LEB128) and its content.
  for (let at = 8; at < bytes.length;) {
    if (bytes[at] === dataSection) throw new Error(`${name}.wasm has data of its own: it shares tfjs's heap`);
    let [length, shift] = [0, 0];
    let byte = 0x80;
    for (at++; byte >= 0x80; at++, shift += 7) {
      byte = bytes[at] ?? 0;
      length += (byte & 0x7f) << shift;
    }
    at += length;
  }
  const imports = WebAssembly.Module.imports(module);
  if (imports.length !== 1) throw new Error(`${name}.wasm imports more than the heap`);
}

await compile("kernels", []);
await compile("kernels-shared", shared);
