/** Figures as people read them; a dash for what is not known. */
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

const byteUnits = ["B", "kB", "MB", "GB", "TB"];

export const unknown = "–";
const leastMs = 0.1;

export function count(value: number): string {
  return whole.format(value);
}

export function compact(value: number): string {
  return value < 10_000 ? whole.format(value) : short.format(value);
}

export function loss(value: number | null): string {
  return value === null ? unknown : value.toPrecision(3);
}

export function percent(share: number | null): string {
  if (share === null) return unknown;
  return `${(share * 100).toFixed(share > 0 && share < 0.001 ? 2 : 1)} %`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return unknown;
  // Of two on one machine: nothing takes no time.
  if (value < leastMs) return `< ${leastMs} ms`;
  return value < 1_000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(1, value)) / 3), byteUnits.length - 1);
  return `${Number((value / 1_000 ** power).toPrecision(3))} ${byteUnits[power]}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** HH:MM:SS where the reader is. */
export function clockTime(ms: number): string {
  return clock.format(ms);
}

/** Bytes per second. */
export function rate(value: number): string {
  return `${bytes(value)}/s`;
}

/** A share of very different sizes: 0.0021 %, 0.4 %, 12 %. */
export function smallPercent(share: number | null): string {
  if (share === null) return unknown;
  const digits = share > 0 && share < 0.1 ? 2 : 3;
  return `${Number((share * 100).toPrecision(digits)).toLocaleString("en", { maximumFractionDigits: 6 })} %`;
}
