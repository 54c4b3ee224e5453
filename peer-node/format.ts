/** Figures for people: short, and of the same width from one redraw to the next. */
import type { Drops } from "../shared/core/drops.ts";

const bars = "▁▂▃▄▅▆▇█";
const unknown = "–";

/** The newest `width` losses as bars, from the least to the largest of them; a loss falls by factors. */
export function sparkline(losses: readonly number[], width: number): string {
  const shown = losses.slice(-width).map((loss) => Math.log(Math.max(loss, 1e-6)));
  const least = Math.min(...shown);
  const range = Math.max(...shown) - least;
  const level = (value: number) => (range > 0 ? Math.round(((value - least) / range) * 7) : 0);
  return shown.map((value) => bars[level(value)] ?? "").join("");
}

export function percent(share: number | null | undefined, digits = 1): string {
  return isKnown(share) ? `${(100 * share).toFixed(digits)} %` : unknown;
}

export function lossFigure(loss: number | null | undefined): string {
  if (!isKnown(loss)) return unknown;
  return loss.toFixed(loss < 0.01 ? 4 : 3);
}

export function milliseconds(ms: number | null | undefined): string {
  if (!isKnown(ms)) return unknown;
  if (ms < 0.1) return "< 0.1 ms";
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function bytesPerSecond(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB/s`;
  return bytes >= 1e3 ? `${Math.round(bytes / 1e3)} kB/s` : `${Math.round(bytes)} B/s`;
}

export function megabytes(bytes: number): string {
  return bytes < 10e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e6)} MB`;
}

/** 1:02 or 1:00:02. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** Share of the fragments owed to a receiver that counted; undefined before the first. */
export function deliveredShare(received: number, drops: Readonly<Drops>): number | undefined {
  // Not `stale`: those came for a round in which nothing was owed.
  const missing = drops.lost + drops.late + drops.unsent + drops.rejected;
  return received + missing === 0 ? undefined : received / (received + missing);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function isKnown(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
