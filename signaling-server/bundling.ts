/** How scripts for a browser are bundled: those that are served, and those that tests make. */
import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";

export const bundling = {
  // Run from dist/signaling-server; what is replaced below is looked for from here.
  absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
  bundle: true,
  format: "esm",
  target: "es2022",
  // Its own build for browsers brings the parts of Node that it stands on; esbuild has none.
  alias: { "simple-peer": "simple-peer/simplepeer.min.js" },
  logLevel: "warning",
} as const satisfies BuildOptions;
