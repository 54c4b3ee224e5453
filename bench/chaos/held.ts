/** What a process held on to while the others came and went: does any of it grow? */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { quantile } from "../../shared/simulation/figures.ts";
import type { Check } from "./row.ts";

const schema = v.object({ rss: v.number(), heap: v.number(), timers: v.number(), handles: v.number() });
type Held = v.InferOutput<typeof schema>;

/** Every two seconds a line. */
export function readHeld(file: string): readonly Held[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => v.parse(schema, JSON.parse(line)));
}

const median = (held: readonly Held[], of: keyof Held) =>
  quantile(
    held.map((it) => it[of]),
    0.5,
  );
const counts = ["handles", "timers"] as const;

/** Percent by which the last third's median is above the first third's, which is after a warm-up; at most `most`. */
export function growth(
  all: readonly Held[],
  who: string,
  most: Partial<Record<keyof Held, number>>,
): readonly Check[] {
  const settled = all.slice(Math.floor(all.length / 5));
  const third = Math.floor(settled.length / 3);
  return (["rss", "heap", ...counts] as const).map((of) => {
    const bar = most[of];
    const [first, last] = [median(settled.slice(0, third), of), median(settled.slice(-third), of)];
    return {
      what: `${who}: ${names[of]}, last third of the time against the first`,
      unit: "%",
      measured: 100 * (last / first - 1),
      ...(bar !== undefined && { most: bar }),
    };
  });
}

/**
 * With as few peers as before the others came: what each of those has left behind. Of handles
 * it was 0 to 0.07, we do not know which; what leaks with each peer is one and more.
 */
export function leftBehind(
  before: readonly Held[],
  after: readonly Held[],
  { who, came }: { readonly who: string; readonly came: number },
): readonly Check[] {
  return counts.map((of) => ({
    what: `${who}: ${names[of]} that each peer which came has left behind`,
    unit: "",
    measured: (median(after, of) - median(before, of)) / came,
    most: 0.25,
  }));
}

const names = { rss: "RSS", heap: "heap", handles: "open handles", timers: "timers" } as const;
