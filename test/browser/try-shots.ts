/** The panel "Try the model", for the documentation. */
import { draw, openPanel, trainForTrying } from "./try-panel.ts";
import type { Shot } from "./screenshots.ts";

const views = [
  { name: "try-the-model", options: { viewport: { width: 1000, height: 900 } } },
  {
    name: "try-the-model-phone-dark",
    options: { viewport: { width: 360, height: 900 }, colorScheme: "dark" },
  },
] as const;

export const tryShots: readonly Shot[] = views.map(({ name, options }) => ({
  name,
  async take(browser, file, t) {
    const { page } = await openPanel(t, browser, await trainForTrying(), options);
    await draw(page, 4, "closed");
    await page.getByText(/The model says 4/).waitFor();
    await page.waitForTimeout(300); // the bars have grown
    await page.locator("#try").screenshot({ path: file });
  },
}));
