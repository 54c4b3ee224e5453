/** What axe-core finds on a page, one line per violation; empty is good. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Evaluated by the debugger: the page's own policy lets no foreign script in. */
export async function violations(page: Page, within = "html"): Promise<string[]> {
  await page.evaluate(source);
  const found: Violation[] = await page.evaluate(
    `axe.run(${JSON.stringify(within)}).then(({ violations }) => violations)`,
  );
  return found.map(({ id, help, nodes }) => {
    const [first] = nodes;
    return `${id}: ${help} (${nodes.length} times), first ${first?.html}: ${first?.failureSummary}`;
  });
}
