/** A trained model, a server whose room has it, and a page on which the panel to try it is open. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import type { Task } from "../../shared/core/task.ts";
import { joined, startServer } from "../server/fixture.ts";
import { handIn, reportAccuracy } from "../server/handing-in.ts";
import { accuracyOf, builtIn, createTestTrainer, trainAlone } from "../training/fixture.ts";
import { openPage } from "./chromium.ts";
import type { Ending } from "./chromium.ts";
import { handDrawings, handPad } from "./hand-drawings.ts";

const rounds = 250;
export const triedTask: Task = { ...builtIn("glyphs-cnn"), rounds };

export interface Trained {
  readonly parameters: Float32Array;
  readonly accuracy: number;
}

/** A short but real training. */
export async function trainForTrying(): Promise<Trained> {
  const trainer = await createTestTrainer(triedTask);
  const { parameters } = await trainAlone(trainer, rounds, 64);
  return { parameters, accuracy: await accuracyOf(trainer, parameters) };
}

export async function openPanel(
  t: Ending,
  browser: Browser,
  { parameters, accuracy }: Trained,
  options: NonNullable<Parameters<typeof openPage>[2]> = {},
) {
  const server = await startServer(t, { tasks: { room: triedTask } });
  const { socket } = await joined(t, server, 1);
  handIn(socket, () => ({ round: rounds - 1, values: parameters }));
  socket.emit("ready", { round: 0 });
  reportAccuracy(socket, accuracy, rounds - 1);
  const { page, faults } = await openPage(browser, `${server.url}/`, options);
  await page.locator("#try button").first().click();
  await page.locator(".try-pad").waitFor();
  return { server, page, faults };
}

export async function draw(page: Page, digit: number, how: string): Promise<void> {
  await page.getByRole("button", { name: "Clear" }).click();
  await page.locator(".try-pad").scrollIntoViewIfNeeded();
  const box = await page.locator(".try-pad").boundingBox();
  const found = handDrawings.find((each) => each.digit === digit && each.how === how);
  assert.ok(box && found);
  for (const stroke of found.strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      const at = (value = 0) => (value / handPad) * box.width;
      await page.mouse.move(box.x + at(stroke[i]), box.y + at(stroke[i + 1]));
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}
