/** The kernels' results are the same bits in Node and in Chromium: peers of both kinds compute the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { launchChromium } from "./chromium.ts";
import { needsChromium } from "../needs.ts";
import { kernelBuild, kernelDigests } from "../training/kernel-digests.ts";

test("every kernel: the same bits in Node and in Chromium", { skip: needsChromium() }, async (t) => {
  const browser = await launchChromium(t);
  const page = await browser.newPage();
  const build = await kernelBuild(false);
  assert.deepEqual(await page.evaluate(kernelDigests, build), await kernelDigests(build));
});
