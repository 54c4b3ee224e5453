/** Figures as people read them; a dash for what is not known. */
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

const byteUnits = ["B", "kB", "MB", "GB", "TB"];

export const unknown = "–";

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
  return value < 1_000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(1, value)) / 3), byteUnits.length - 1);
  return `${Number((value / 1_000 ** power).toPrecision(3))} ${byteUnits[power]}`;
}

/** Seconds as m:ss or h:mm:ss. */
export function duration(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60].map((part) =>
    `${part}`.padStart(2, "0"),
  );
  const hours = Math.floor(seconds / 3_600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":").replace(/^0/, "");
}
