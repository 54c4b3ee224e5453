/** The panel to try a model, with one that is made up: pictures of all kinds, and a worker that crashes. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { ImageShape } from "../../shared/training/data/data-set.ts";
import { needsChromium } from "../needs.ts";
import { startServer } from "../server/fixture.ts";
import { violations } from "./accessibility.ts";
import { launchChromium, openPage } from "./chromium.ts";

interface MadeUpModel {
  readonly kind: string;
  readonly shape: ImageShape;
  readonly labels: readonly string[];
}

const glyphs: MadeUpModel = {
  kind: "glyphs",
  shape: { width: 16, height: 16, channels: 1 },
  labels: ["0", "1"],
};
const colors: MadeUpModel = {
  kind: "of another kind",
  shape: { width: 12, height: 8, channels: 3 },
  labels: ["red", "green", "a long word for blue"],
};
const greys: MadeUpModel = {
  kind: "of another kind",
  shape: { width: 8, height: 8, channels: 1 },
  labels: ["dark", "light"],
};

/** Names the strongest channel; of grey images, which half of the greys the mean is in. */
const workerScript = (model: MadeUpModel, isBroken: boolean) => `
  const model = ${JSON.stringify(model)};
  const { width, height, channels } = model.shape;
  const size = width * height * channels;
  function predict(pixels) {
    if (${isBroken}) setTimeout(() => { throw new Error("boom"); });
    if (${isBroken} || pixels.length % size !== 0) return;
    const sums = Array(channels).fill(0);
    pixels.forEach((value, i) => (sums[i % channels] += value));
    const best = channels > 1 ? sums.indexOf(Math.max(...sums)) : sums[0] / pixels.length > 127 ? 1 : 0;
    return Float32Array.from(model.labels, (_, i) => (i === best ? 1 : 0));
  }
  addEventListener("message", ({ data: { call, method, input } }) => {
    const output = {
      load: () => ({ ...model, round: 7, accuracy: 0.9, checked: { right: 9, count: 10 } }),
      predict: () => predict(input),
      example: () => ({ pixels: Uint8Array.from({ length: size }, (_, i) => i % channels === 1 ? 200 : 0), label: model.labels[1] }),
    }[method]();
    if (output) postMessage({ call, ok: true, output });
  });
`;

const skip = needsChromium();
let browser: Browser;
const ends: (() => Promise<void> | void)[] = [];

before(async () => {
  if (skip === false) browser = await launchChromium({ after: (end) => ends.push(end) });
});
after(async () => {
  for (const end of ends) await end();
});

async function openInput(t: TestContext, model: MadeUpModel, options: { readonly crashes?: number } = {}) {
  let { crashes = 0 } = options;
  const { url } = await startServer(t);
  const { page, faults } = await openPage(browser, url);
  t.after(() => page.context().close());
  const newest = { round: 7, bytes: 1, accuracy: 0.9 };
  await page.route("**/api/rooms/room", (route) => route.fulfill({ json: { model: newest } }));
  await page.route("**/api/rooms/room/model", (route) => route.fulfill({ body: "a model" }));
  await page.route("**/try-worker.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      headers: { "cross-origin-embedder-policy": "require-corp" },
      body: workerScript(model, crashes-- > 0),
    }),
  );
  await page.evaluate(`import("/try.js").then(({ mountTry }) => {
    mountTry(document.querySelector("footer"), "room");
  })`);
  await page.getByText("Use a picture").waitFor();
  return { page, faults };
}

/** Paints a picture with `context` and chooses it. */
async function choose(page: Page, width: number, height: number, paint: string): Promise<void> {
  const url = String(
    await page.evaluate(`(() => {
      const canvas = Object.assign(document.createElement("canvas"), { width: ${width}, height: ${height} });
      const context = canvas.getContext("2d");
      const fill = (color, ...box) => { context.fillStyle = color; context.fillRect(...box); };
      ${paint};
      return canvas.toDataURL();
    })()`),
  );
  const buffer = Buffer.from(url.split(",")[1] ?? "", "base64");
  await page.locator(".try-file").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer });
}

/** One number of each pixel that the model saw: red, green, blue or alpha. */
async function seen(page: Page, channel: 0 | 1 | 2 | 3): Promise<number[]> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".try-seen");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, i) => i % 4 === ${channel});
  })()`);
}

describe("a picture of a digit", { skip }, () => {
  test("is found in pictures of any shape, dark on light or light on dark", async (t) => {
    const { page, faults } = await openInput(t, glyphs);
    for (const [width, height] of [
      [400, 150],
      [150, 400],
    ] as const) {
      for (const [paper, ink] of [
        ["#ddd", "#223"],
        ["#223", "#ddd"],
      ] as const) {
        // A stroke that touches no edge and is not in the middle.
        const paint = `fill("${paper}", 0, 0, ${width}, ${height}); fill("${ink}", ${width / 5}, ${height / 5}, 12, 60)`;
        await choose(page, width, height, paint);
        await page.getByText(/^The model says/).waitFor();
        const pixels = await seen(page, 3);
        const [first = 0, second = 0] = inkAt(pixels, glyphs.shape.width);
        const what = `${width} × ${height}, ${ink} on ${paper}`;
        assert.ok(
          Math.abs(first - 7.5) < 0.6 && Math.abs(second - 7.5) < 0.6,
          `${what}: at ${first}, ${second}`,
        );
        const share = pixels.filter((value) => value > 127).length / pixels.length;
        assert.ok(share > 0.04 && share < 0.16, `${what}: ${share} of it is ink`);
        assert.ok(Math.max(...edgeOf(pixels, glyphs.shape.width)) < 40, `${what}: ink at the edge`);
        await page.getByRole("button", { name: "Clear" }).click();
      }
    }
    assert.deepEqual(faults, []);
  });
});

describe("a model of images that have no input of their own", { skip }, () => {
  test("in colour: the middle of a picture in the model's shape, and an example", async (t) => {
    const { page, faults } = await openInput(t, colors);
    // Cut off left and right in the wide one, above and below in the high one.
    await choose(page, 90, 20, `fill("#f00", 0, 0, 90, 20); fill("#0c3", 30, 0, 30, 20)`);
    await page.getByText("The model says green and is more than 99 % sure.").waitFor();
    assert.deepEqual(await seen(page, 1), Array(96).fill(0xcc));
    await choose(page, 12, 80, `fill("#f00", 0, 0, 12, 80); fill("#00f", 0, 30, 12, 20)`);
    await page.getByText("The model says a long word for blue").waitFor();
    assert.equal(await page.locator(".try-bars .best .try-label").textContent(), "a long word for blue");
    await page.getByRole("button", { name: "Show me an example" }).click();
    await page.getByText("The right answer is green. The model says green").waitFor();
    assert.deepEqual(await violations(page, ".try"), []);
    assert.deepEqual(faults, []);
  });

  test("in grey", async (t) => {
    const { page, faults } = await openInput(t, greys);
    await choose(page, 40, 40, `fill("#ff0", 0, 0, 40, 40)`);
    await page.getByText("The model says light").waitFor();
    assert.deepEqual(await seen(page, 2), Array(64).fill(Math.round(0.89 * 255)));
    await choose(page, 40, 40, `fill("#00f", 0, 0, 40, 40)`);
    await page.getByText("The model says dark").waitFor();
    assert.deepEqual(faults, []);
  });
});

test("a worker that crashes is replaced, and asked again", { skip }, async (t) => {
  const { page, faults } = await openInput(t, colors, { crashes: 1 });
  await choose(page, 12, 8, `fill("#0c3", 0, 0, 12, 8)`);
  await page.getByText(/The model does not answer: .*boom/).waitFor();
  await page.getByText("The model says green").waitFor();
  assert.deepEqual(faults, []);
});

/** The middle of the ink, across and down. */
function inkAt(pixels: readonly number[], width: number): readonly number[] {
  const all = pixels.reduce((sum, value) => sum + value, 0);
  const mean = (at: (i: number) => number) => pixels.reduce((sum, value, i) => sum + value * at(i), 0) / all;
  return [mean((i) => i % width), mean((i) => Math.floor(i / width))];
}

function edgeOf(pixels: readonly number[], width: number): number[] {
  const isEdge = (i: number) =>
    i % width === 0 || i % width === width - 1 || i < width || i >= pixels.length - width;
  return pixels.filter((_, i) => isEdge(i));
}
