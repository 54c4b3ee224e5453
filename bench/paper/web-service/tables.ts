/** The results as text, for the terminal and for docs/results. */
import type { SpeedUpCurve } from "./curves.ts";
import type { ExtraLoad, VariantResult } from "./results.ts";

const times = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(2) : "–");
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

const atTenPercent = ({ at }: SpeedUpCurve) => at.find(({ learningLoss }) => learningLoss === 0.1);

export function speedUpTable(results: readonly SpeedUpCurve[]): string {
  const read = results[0]?.at.map(({ learningLoss }) => `at ${percent(learningLoss)} loss`) ?? [];
  const rows = results.map((curve) => {
    const seeds = atTenPercent(curve)?.bySeed.map(times).join(", ") ?? "";
    const alike = curve.points[0];
    return [
      String(curve.messagesPerSecond),
      `${times(alike?.meanMs)} ms, ${percent(alike?.learningLoss ?? NaN)}`,
      ...curve.at.map(({ mean }) => times(mean)),
      seeds,
    ];
  });
  return table(["messages/s", "no priority: mean, loss", ...read, "at 10.0 %, by seed"], rows);
}

export function extraLoadTable(results: readonly ExtraLoad[]): string {
  const whole = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(0) : "–");
  const rows = results.map(({ targetMs, unprioritised, points, extraAtTenPercent }) => {
    const base = unprioritised?.messagesPerSecond;
    const share = base && extraAtTenPercent !== null ? percent(extraAtTenPercent / base) : "–";
    const most = points.map((point) => `${whole(point.extra)} at ${percent(point.learningLoss)}`);
    return [`${targetMs} ms`, whole(base), whole(extraAtTenPercent), share, most.join(", ")];
  });
  return table(
    ["mean", "messages/s, no priority", "extra at 10 % loss", "that is", "extra at other losses"],
    rows,
  );
}

export function variantTable(results: readonly VariantResult[]): string {
  const loads = results[0]?.curves.map(({ messagesPerSecond }) => `${messagesPerSecond}/s`) ?? [];
  const rows = results.map(({ group, name, curves }) => [
    group,
    name,
    ...curves.map((curve) => {
      const loss = curve.points[0]?.learningLoss ?? NaN;
      return `${times(atTenPercent(curve)?.mean)} (${times(curve.points[0]?.meanMs)} ms, ${percent(loss)})`;
    }),
  ]);
  return table(["setting", "value", ...loads], rows);
}
