import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { glyphImages } from "../../peer-browser/try/pen-strokes.ts";
import { readModelFile } from "../../shared/training/model-file.ts";
import { createPredictor } from "../../shared/training/predictor.ts";
import { needsChromium } from "../needs.ts";
import { violations } from "./accessibility.ts";
import { launchChromium } from "./chromium.ts";
import { handDrawings, handPad } from "./hand-drawings.ts";
import { draw, openPanel, trainForTrying, triedTask } from "./try-panel.ts";
import type { Trained } from "./try-panel.ts";

let trained: Trained;
let browser: Browser;
const ends: (() => Promise<void> | void)[] = [];

before(async () => {
  trained = await trainForTrying();
  if (needsChromium() === false) browser = await launchChromium({ after: (end) => ends.push(end) });
});
after(async () => {
  for (const end of ends) await end();
});

test("a model from the glyphs recognises digits that people draw", async () => {
  assert.ok(trained.accuracy > 0.97, `accuracy ${trained.accuracy}`);
  const predictor = createPredictor(triedTask, trained.parameters);
  const wrong: string[] = [];
  for (const { digit, how, strokes } of handDrawings) {
    const rows = await predictor.predict(glyphImages(strokes, handPad));
    const sums = Array.from({ length: 10 }, (_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0));
    if (sums.indexOf(Math.max(...sums)) !== digit) wrong.push(`${digit} ${how}`);
  }
  predictor.close();
  assert.ok(wrong.length <= 2, `not recognised: ${wrong.join(", ")}`);
});

describe("the panel to try the model", { skip: needsChromium() }, () => {
  test("says what it sees in a drawing and in an image, and which model that is", async (t) => {
    const { page, faults, server } = await openPanel(t, browser, trained);
    await page.getByText(/Model of round 249: 9\d\.\d % of the validation images right\.$/).waitFor();
    await draw(page, 1, "with a flag");
    await page.getByText(/The model says 1 and is (more than )?\d+ % sure/).waitFor();
    await draw(page, 0, "oval");
    await page.getByText(/The model says 0 and is (more than )?\d+ % sure/).waitFor();
    await draw(page, 7, "plain");
    await page.getByText(/The model says 7 and is (more than )?\d+ % sure/).waitFor();
    assert.equal(await page.locator(".try-bars .best .try-label").textContent(), "7");

    await page.getByRole("button", { name: "Show me a digit" }).focus();
    await page.keyboard.press("Enter");
    const said = page.getByText(/^This is a \d that nobody trained on\. The model/);
    await said.waitFor();
    assert.deepEqual(await violations(page, ".try"), []);

    const link = page.getByRole("link", { name: /Download this model/ });
    const download = page.waitForEvent("download");
    await link.click();
    const file = await download;
    assert.equal(file.suggestedFilename(), "glyphs-cnn-round-249.safetensors");
    const model = readModelFile(readFileSync(await file.path()));
    assert.deepEqual(model.parameters, trained.parameters);
    await page.evaluate(`import("/try.js").then(({ mountTry }) => {
      globalThis.panel = mountTry(document.querySelector("footer"), "room");
    })`);
    await page.locator("footer .try-pad").waitFor();
    await page.evaluate("panel.unmount()");
    assert.equal(await page.locator("footer .try").count(), 0);
    assert.deepEqual(faults, []);
    assert.ok(server.status().rooms[0]?.model);
  });

  test("fits a phone, in the dark", async (t) => {
    const viewport = { width: 360, height: 740 };
    const { page, faults } = await openPanel(t, browser, trained, {
      viewport,
      colorScheme: "dark",
      reducedMotion: "reduce",
    });
    await draw(page, 4, "closed");
    await page.getByText(/The model says 4/).waitFor();
    const fits = await page.evaluate(
      `[...document.querySelectorAll(".try, .try *")].every((e) => e.getBoundingClientRect().right <= 360)`,
    );
    assert.ok(fits, "something is wider than the screen");
    assert.deepEqual(await violations(page, ".try"), []);
    assert.deepEqual(faults, []);
  });

  test("tells when a model is not as good as its room says", async (t) => {
    const made = trained.parameters.map((value, at) => (at % 2 === 0 ? -value : value));
    const { page } = await openPanel(t, browser, { ...trained, parameters: made });
    await page.getByText(/Checked in this browser it got only \d+ of 100/).waitFor();
  });
});
