/** Aligned columns of text. */
import { printable } from "./printable.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** Longer cells are cut. */
  readonly max?: number;
}

export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    columns.map(({ max = Infinity }, at) => cut(printable(row[at] ?? ""), max)),
  );
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells.map((row) =>
    columns
      .map(({ align }, at) => pad(row[at] ?? "", widths[at] ?? 0, align))
      .join("  ")
      .trimEnd(),
  );
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function pad(cell: string, width: number, align: Column["align"]): string {
  return align === "left" ? cell.padEnd(width) : cell.padStart(width);
}
