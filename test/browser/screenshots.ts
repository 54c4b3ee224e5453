/**
 * Pictures of the pages for the documentation, made by the pages themselves:
 * `node dist/test/browser/screenshots.js [part of a name …]` writes docs/img/NAME.png.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { launchChromium, withNetworkName } from "./chromium.ts";
import type { Ending } from "./chromium.ts";
import { joinShots } from "./join-shots.ts";
import { statusShots } from "./status-shots.ts";
import { tryShots } from "./try-shots.ts";

export interface Shot {
  /** docs/img/NAME.png. */
  readonly name: string;
  take(browser: Browser, file: string, t: Ending): Promise<void>;
}

/** The lists of all pages. */
const shots: readonly Shot[] = [...joinShots, ...statusShots, ...tryShots];

const target = fileURLToPath(new URL("../../../docs/img/", import.meta.url));
const parts = process.argv.slice(2);
const chosen = shots.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.error(`no picture matches "${parts.join(" ")}": ${shots.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

mkdirSync(target, { recursive: true });
for (const { name, take } of chosen) {
  const ends: (() => Promise<void> | void)[] = [];
  const t: Ending = { after: (end) => void ends.unshift(end) };
  try {
    await take(await launchChromium(t, { args: withNetworkName }), join(target, `${name}.png`), t);
    console.log(`docs/img/${name}.png`);
  } finally {
    for (const end of ends) await end();
  }
}
