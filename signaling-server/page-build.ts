/** Bundles the status page into dist/web; `npm run build` runs it after tsc. */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// Run from dist/signaling-server; esbuild reads the sources, not what tsc made of them.
const root = fileURLToPath(new URL("../../", import.meta.url));
const source = join(root, "signaling-server/page");
const target = join(root, "dist/web");

mkdirSync(target, { recursive: true });
await build({
  stdin: {
    contents: ['import "uplot/dist/uPlot.min.css";', 'import "./style.css";', 'import "./page.ts";'].join(
      "\n",
    ),
    resolveDir: source,
  },
  outfile: join(target, "page.js"),
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  target: "es2022",
  legalComments: "linked",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) cpSync(join(source, file), join(target, file));

for (const file of ["page.js", "page.css"]) {
  const bytes = gzipSync(readFileSync(join(target, file))).byteLength;
  console.log(`dist/web/${file}: ${(bytes / 1000).toFixed(1)} kB gzip`);
}
