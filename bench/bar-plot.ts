/** Bars as an SVG file, on a logarithmic axis: what is compared here differs by factors of thousands. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Written at the bar's end. */
  readonly label: string;
  readonly colour: string;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 720;
const left = 150;
const right = 120;
const barHeight = 16;
const groupGap = 30;

export function barPlot(title: string, unit: string, groups: readonly BarGroup[]): string {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value));
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  const x = (value: number) => left + ((Math.log10(value) - low) / (high - low)) * (width - left - right);
  const rows: string[] = [];
  let y = 44;
  for (const { title: name, bars } of groups) {
    rows.push(text(8, y + 12, name, 'font-weight="bold"'));
    y += 20;
    for (const { name: who, value, label, colour } of bars) {
      rows.push(text(left - 6, y + 12, who, 'text-anchor="end"'));
      rows.push(
        `<rect x="${left}" y="${y}" width="${Math.max(1, x(value) - left).toFixed(1)}" height="${barHeight - 3}" fill="${colour}"/>`,
      );
      rows.push(text(x(value) + 5, y + 12, label));
      y += barHeight;
    }
    y += groupGap - 20;
  }
  const height = y + 30;
  const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  const lines = ticks.flatMap((value) => [
    `<path d="M${x(value).toFixed(1)} 40V${height - 26}" stroke="#ddd"/>`,
    text(x(value), height - 10, String(value), 'text-anchor="middle"'),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(8, 20, title, 'font-size="14"'),
    text(width - 8, height - 10, unit, 'text-anchor="end"'),
    ...lines,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function text(x: number, y: number, words: string, more = ""): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" ${more}>${escaped}</text>`;
}
