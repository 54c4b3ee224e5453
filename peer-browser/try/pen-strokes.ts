/**
 * From what a person drew to the image that the model knows: in the middle, as large and as thick as the
 * glyphs that it learned from, by the same pen. Without that, a small 7 in a corner would be noise to it.
 */
import { clamp01, drawStroke } from "../../shared/training/data/draw.ts";
import { glyphShape, typicalGlyph } from "../../shared/training/data/glyphs.ts";

/** x and y in turn, in any unit. */
export type PenStroke = readonly number[];

/** Noise that the model never saw missing, and a hand's own uncertainty: each drawing is looked at like this. */
const looks = [
  { scale: 1, shiftX: 0, shiftY: 0 },
  { scale: 0.88, shiftX: 0.6, shiftY: 0 },
  { scale: 0.88, shiftX: -0.6, shiftY: 0 },
  { scale: 0.94, shiftX: 0, shiftY: 0.6 },
  { scale: 0.94, shiftX: 0, shiftY: -0.6 },
] as const;

/** Wider than this, relative to the height, no glyph is. */
const widest = 0.9;
/** A dot stays a dot. */
const smallest = 0.08;

/**
 * The drawing as the model's pixels, once for each look: image after image.
 * @param padSize the side of the pad, in the strokes' unit
 */
export function glyphImages(strokes: readonly PenStroke[], padSize: number): Uint8Array {
  const { width: size } = glyphShape;
  const images = new Uint8Array(looks.length * size * size);
  const place = placeOf(strokes, padSize);
  for (const [row, { scale, shiftX, shiftY }] of looks.entries()) {
    const canvas = { size, ink: new Float32Array(size * size) };
    const middle = (size - 1) / 2;
    for (const stroke of strokes) {
      const points = place(stroke).map(
        (value, i) => middle + value * scale + (i % 2 === 0 ? shiftX : shiftY),
      );
      drawStroke(canvas, { kind: "line", points: asLine(points) }, typicalGlyph.pen);
    }
    images.set(
      canvas.ink.map((ink) => Math.round(255 * clamp01(ink))),
      row * canvas.ink.length,
    );
  }
  return images;
}

/** Moves the drawing's box to the middle and gives it a glyph's height; sides that are too wide come closer. */
function placeOf(strokes: readonly PenStroke[], padSize: number): (stroke: PenStroke) => number[] {
  const box = boxOf(strokes);
  const halfHeight = Math.max(box.halfHeight, box.halfWidth / 2, padSize * smallest);
  const scaleY = typicalGlyph.halfHeight / halfHeight;
  const most = (widest * typicalGlyph.halfHeight) / Math.max(box.halfWidth, 1e-9);
  const scaleX = Math.min(scaleY, most);
  return (stroke) =>
    stroke.map((value, i) => (i % 2 === 0 ? (value - box.x) * scaleX : (value - box.y) * scaleY));
}

function boxOf(strokes: readonly PenStroke[]) {
  const axis = (odd: 0 | 1) => {
    let [low, high] = [Infinity, -Infinity];
    for (const stroke of strokes) {
      for (let i = odd; i < stroke.length; i += 2) {
        low = Math.min(low, stroke[i] ?? low);
        high = Math.max(high, stroke[i] ?? high);
      }
    }
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  };
  const [across, down] = [axis(0), axis(1)];
  return { x: across.middle, y: down.middle, halfWidth: across.half, halfHeight: down.half };
}

/** A tap is a line to itself. */
function asLine(points: readonly number[]): number[] {
  return points.length === 2 ? [...points, ...points] : [...points];
}
