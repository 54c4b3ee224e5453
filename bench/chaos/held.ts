/** What a process held on to while the others came and went: does any of it grow? */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { quantile } from "../../shared/simulation/figures.ts";
import type { Check } from "./row.ts";

const schema = v.object({ rss: v.number(), heap: v.number(), timers: v.number(), handles: v.number() });
type Held = v.InferOutput<typeof schema>;

/** Percent by which the last third's median is above the first third's, which is after a warm-up. */
export function growth(file: string, who: string, isLongEnough: boolean): readonly Check[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const all = lines.map((line) => v.parse(schema, JSON.parse(line)));
  const settled = all.slice(Math.floor(all.length / 5));
  const third = Math.floor(settled.length / 3);
  const median = (held: readonly Held[], of: keyof Held) =>
    quantile(
      held.map((it) => it[of]),
      0.5,
    );
  return (["rss", "heap", "handles", "timers"] as const).map((of) => {
    const [first, last] = [median(settled.slice(0, third), of), median(settled.slice(-third), of)];
    return {
      what: `${who}: ${names[of]}, last third of the time against the first`,
      unit: "%",
      measured: 100 * (last / first - 1),
      ...(isLongEnough && { most: 10 }),
    };
  });
}

const names = { rss: "RSS", heap: "heap", handles: "open handles", timers: "timers" } as const;
