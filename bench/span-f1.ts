/**
 * How well spans are found, as conlleval counts them (https://www.clips.uantwerpen.be/conll2000/chunking/
 * output.html): a span is right when its first word, its last word and its kind are. A span begins at `B-`,
 * and at an `I-` that continues nothing.
 */
export interface SpanScore {
  readonly precision: number;
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

/** @param said,right the tags of each sentence, as in `O B-city I-city` */
export function scoreSpans(
  said: readonly (readonly string[])[],
  right: readonly (readonly string[])[],
): SpanScore {
  let [found, expected, both] = [0, 0, 0];
  for (const [index, tags] of right.entries()) {
    const wanted = spansOf(tags);
    const own = spansOf(said[index] ?? []);
    found += own.size;
    expected += wanted.size;
    both += [...own].filter((span) => wanted.has(span)).length;
  }
  const precision = both / Math.max(1, found);
  const recall = both / Math.max(1, expected);
  return { precision, recall, f1: (2 * both) / Math.max(1, found + expected) };
}

/** Each as `first-last:kind`. */
export function spansOf(tags: readonly string[]): Set<string> {
  const spans = new Set<string>();
  let [start, kind] = [0, ""];
  for (let at = 0; at <= tags.length; at++) {
    const tag = tags[at] ?? "O";
    const next = tag.slice(2);
    if (kind !== "" && tag.startsWith("I-") && next === kind) continue;
    if (kind !== "") spans.add(`${start}-${at - 1}:${kind}`);
    [start, kind] = [at, /^[BI]-/.test(tag) ? next : ""];
  }
  return spans;
}
