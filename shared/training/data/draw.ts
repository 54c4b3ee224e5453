/**
 * Strokes on a small grey image, with soft edges. Only + − × ÷ and sqrt, which IEEE 754 defines to the
 * last bit: every machine draws the same image.
 */
import type { Stroke } from "./digit-strokes.ts";

/** A square image, values 0 … 1, row by row. */
export interface Canvas {
  readonly size: number;
  readonly ink: Float32Array;
}

export interface Pen {
  /** Pixels from the middle of the stroke to where the ink is half. */
  readonly halfWidth: number;
  /** Ink in the middle of the stroke, 0 … 1. */
  readonly level: number;
}

/** Pixels over which the ink fades at a stroke's edge. */
const edge = 1.2;
const stepsPerSpan = 4;

export function drawStroke(canvas: Canvas, stroke: Stroke, pen: Pen): void {
  const { points } = stroke;
  for (let i = 0; i + 3 < points.length; i += 2) {
    if (stroke.kind === "line")
      drawSegment(canvas, at(points, i), at(points, i + 1), at(points, i + 2), at(points, i + 3), pen);
    else drawSpan(canvas, points, i, pen);
  }
}

/** One span of a Catmull–Rom curve; the ends are their own neighbours. */
function drawSpan(canvas: Canvas, points: readonly number[], i: number, pen: Pen): void {
  const before = Math.max(i - 2, 0);
  const after = Math.min(i + 4, points.length - 2);
  let x = at(points, i);
  let y = at(points, i + 1);
  for (let step = 1; step <= stepsPerSpan; step++) {
    const t = step / stepsPerSpan;
    const nextX = catmullRom(at(points, before), at(points, i), at(points, i + 2), at(points, after), t);
    const nextY = catmullRom(
      at(points, before + 1),
      at(points, i + 1),
      at(points, i + 3),
      at(points, after + 1),
      t,
    );
    drawSegment(canvas, x, y, nextX, nextY, pen);
    x = nextX;
    y = nextY;
  }
}

function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const cubic = ((3 * (p1 - p2) + p3 - p0) * t + 2 * p0 - 5 * p1 + 4 * p2 - p3) * t;
  return p1 + 0.5 * t * (cubic + p2 - p0);
}

function drawSegment(canvas: Canvas, x0: number, y0: number, x1: number, y1: number, pen: Pen): void {
  const { size, ink } = canvas;
  const reach = pen.halfWidth + edge / 2;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const lengthSquared = dx * dx + dy * dy || 1;
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = clamp01(((x - x0) * dx + (y - y0) * dy) / lengthSquared);
      const offX = x - x0 - along * dx;
      const offY = y - y0 - along * dy;
      const value = pen.level * clamp01((reach - Math.sqrt(offX * offX + offY * offY)) / edge);
      const pixel = y * size + x;
      // The darker stroke wins: overlapping strokes do not add up.
      if (value > at(ink, pixel)) ink[pixel] = value;
    }
  }
}

export function clamp01(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}
