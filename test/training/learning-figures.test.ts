import assert from "node:assert/strict";
import { test } from "node:test";
import { linePlot } from "../../bench/line-plot.ts";
import { scoreSpans, spansOf } from "../../bench/span-f1.ts";

/** What conlleval makes of them. */
const sentences: readonly (readonly [tags: string, spans: readonly string[]])[] = [
  ["O O O", []],
  ["B-a I-a O", ["0-1:a"]],
  ["B-a B-a", ["0-0:a", "1-1:a"]],
  ["B-a I-b I-b", ["0-0:a", "1-2:b"]],
  ["I-a I-a O I-a", ["0-1:a", "3-3:a"]],
  ["O B-a I-a", ["1-2:a"]],
  ["B-a.b-c I-a.b-c", ["0-1:a.b-c"]],
];

for (const [tags, spans] of sentences) {
  test(`"${tags}" has the spans ${spans.join(", ") || "none"}`, () => {
    assert.deepEqual([...spansOf(tags.split(" "))], spans);
  });
}

test("a span counts when its ends and its kind are right, however many words it has", () => {
  const right = ["B-a I-a O B-b".split(" "), "O B-c".split(" ")];
  const said = ["B-a I-a O B-a".split(" "), "B-c B-c".split(" ")];
  const { precision, recall, f1 } = scoreSpans(said, right);
  assert.equal(precision, 2 / 4);
  assert.equal(recall, 2 / 3);
  assert.ok(Math.abs(f1 - 4 / 7) < 1e-12);
  assert.equal(scoreSpans([], []).f1, 0);
});

test("a plot is an SVG with a line for each curve and names that cannot break it", () => {
  const curve = {
    colour: "#123456",
    points: [
      [0, 2],
      [1, 1.5],
      [2, 0.25],
    ] as const,
  };
  const svg = linePlot({ title: "a < b & c", x: "x", y: "y" }, [
    { ...curve, name: "one" },
    { ...curve, name: "two" },
  ]);
  assert.equal(svg.match(/stroke="#123456"/g)?.length, 2);
  assert.match(svg, /a &lt; b &amp; c/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});
