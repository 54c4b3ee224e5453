/** The results as pictures. */
import { linePlot } from "../../line-plot.ts";
import type { Curve } from "../../line-plot.ts";
import { ofOneKind } from "./curves.ts";
import type { SpeedUpCurve } from "./curves.ts";
import type { ExtraLoad, VariantResult } from "./results.ts";
import type { Variant } from "./study.ts";

const colours = ["#1b6ca8", "#c8553d", "#3a7d44", "#8e5ea2", "#b8860b"] as const;
const percentLost = "learning packets lost, %";

function curves(named: readonly { readonly name: string; readonly points: Curve["points"] }[]): Curve[] {
  return named.map((curve, at) => ({ ...curve, colour: colours[at % colours.length] ?? "#000" }));
}

function speedUpPoints({ points }: SpeedUpCurve): Curve["points"] {
  const inOrder = ofOneKind(points).toSorted((a, b) => a.learningLoss - b.learningLoss);
  return inOrder.map(({ learningLoss, speedUp }) => [100 * learningLoss, speedUp]);
}

export function speedUpPlot(results: readonly SpeedUpCurve[]): string {
  const text = { title: "Figure 6: the web service beside learning", x: percentLost, y: "web speed-up" };
  return linePlot(
    text,
    curves(results.map((it) => ({ name: `${it.messagesPerSecond} messages/s`, points: speedUpPoints(it) }))),
  );
}

export function extraLoadPlot(results: readonly ExtraLoad[]): string {
  const text = { title: "Figure 7: more web load, as fast as before", x: percentLost, y: "extra messages/s" };
  const named = results.map(({ targetMs, unprioritised, points }) => ({
    name: `${targetMs} ms on average`,
    points: [
      ...(unprioritised ? [[100 * unprioritised.learningLoss, 0] as const] : []),
      ...points.map(({ learningLoss, extra }) => [100 * learningLoss, extra] as const),
    ].toSorted(([a], [b]) => a - b),
  }));
  return linePlot(text, curves(named.filter(({ points }) => points.length > 0)));
}

const titles: Readonly<Record<Variant["group"], string>> = {
  queue: "a port's buffer",
  transport: "the web's transport and its shortest time-out",
  bursts: "a server's pace within a round's burst",
  mechanism: "how the web is preferred",
};

export function variantPlot(
  group: Variant["group"],
  results: readonly VariantResult[],
  messagesPerSecond: number,
): string {
  const title = `${messagesPerSecond} messages/s: ${titles[group]}`;
  const named = results
    .filter((result) => result.group === group)
    .flatMap(({ name, curves: own }) =>
      own
        .filter((curve) => curve.messagesPerSecond === messagesPerSecond)
        .map((curve) => ({ name, points: speedUpPoints(curve) })),
    );
  return linePlot({ title, x: percentLost, y: "web speed-up" }, curves(named));
}
