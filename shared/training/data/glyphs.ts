/**
 * Images of the ten digits, drawn by the program: nothing to download, as many as asked for, the same on
 * every machine. Each shard and the validation set come from streams of their own, so that no peer ever
 * trains on a validation image. Shifts, turns and clutter make it too hard for a linear model (below 90 %)
 * and easy enough for a small CNN (98.5 %): test/training/glyphs.test.ts holds both.
 */
import { createRng, mix } from "../../core/rng.ts";
import type { Rng } from "../../core/rng.ts";
import type { ImageData, ImageSet, ImageShape } from "./data-set.ts";
import { digitStrokes } from "./digit-strokes.ts";
import type { Stroke } from "./digit-strokes.ts";
import { clamp01, drawStroke } from "./draw.ts";
import type { Canvas } from "./draw.ts";

const glyphSize = 16;
export const glyphShape: ImageShape = { height: glyphSize, width: glyphSize, channels: 1 };
export const glyphClasses = digitStrokes.length;
const validationStream = 0;
const shardStream = 1;

/** How much the images vary; the calibration that the header speaks of. */
const vary = {
  /** Pixels from the middle to the top of an untransformed digit. */
  halfHeight: 5.2,
  /** Tangent of half the largest turn: 0.15 is 17°. */
  turn: 0.15,
  shear: 0.25,
  scale: [0.75, 1.12],
  /** Pixels, either way. */
  shift: 1.7,
  /** Of each point of the skeleton, as a part of its half height. */
  jitter: 0.1,
  halfWidth: [0.45, 1.05],
  level: [0.6, 1],
  /** Half the width of the noise on each pixel. */
  noise: 0.16,
  clutterChance: 0.5,
} as const;

/** What a drawing by hand has to look like for a model that learned from these images. */
export const typicalGlyph = {
  halfHeight: vary.halfHeight,
  pen: { halfWidth: (vary.halfWidth[0] + vary.halfWidth[1]) / 2, level: vary.level[1] },
} as const;

export interface GlyphsOptions {
  readonly seed: number;
  readonly shard: number;
  readonly samplesPerShard: number;
  readonly validationSamples: number;
}

export function createGlyphs(options: GlyphsOptions): ImageData {
  const { seed, shard, samplesPerShard, validationSamples } = options;
  return {
    kind: "images",
    shape: glyphShape,
    classes: glyphClasses,
    augmentation: "none",
    train: drawSet(createRng(mix(seed, shardStream, shard)), samplesPerShard),
    validation: drawSet(createRng(mix(seed, validationStream)), validationSamples),
  };
}

/** Classes in turn, so that every ten images, and every slice, are balanced. */
function drawSet(rng: Rng, count: number): ImageSet {
  const pixels = new Uint8Array(count * glyphSize * glyphSize);
  const labels = new Uint8Array(count);
  const canvas: Canvas = { size: glyphSize, ink: new Float32Array(glyphSize * glyphSize) };
  for (let image = 0; image < count; image++) {
    const digit = image % glyphClasses;
    labels[image] = digit;
    drawGlyph(rng, digitStrokes[digit] ?? [], canvas);
    develop(rng, canvas.ink, pixels, image * canvas.ink.length);
  }
  return { count, pixels, labels };
}

function drawGlyph(rng: Rng, strokes: readonly Stroke[], canvas: Canvas): void {
  canvas.ink.fill(0);
  const pen = { halfWidth: between(rng, ...vary.halfWidth), level: between(rng, ...vary.level) };
  if (rng.float() < vary.clutterChance) {
    drawStroke(canvas, clutter(rng), { halfWidth: 0.4, level: pen.level * 0.7 });
  }
  const place = randomPlace(rng);
  for (const { kind, points } of strokes) drawStroke(canvas, { kind, points: place(points) }, pen);
}

/** A random affine map from the box of the skeletons to pixels, with a little jitter on every point. */
function randomPlace(rng: Rng): (points: readonly number[]) => number[] {
  const t = around(rng, vary.turn);
  // A rotation without sin and cos, whose last bits differ between machines.
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const scaleX = between(rng, ...vary.scale) * vary.halfHeight;
  const scaleY = between(rng, ...vary.scale) * vary.halfHeight;
  const shear = around(rng, vary.shear);
  const middleX = (glyphSize - 1) / 2 + around(rng, vary.shift);
  const middleY = (glyphSize - 1) / 2 + around(rng, vary.shift);
  return (points) => {
    const placed: number[] = [];
    for (let i = 0; i + 1 < points.length; i += 2) {
      const y = ((points[i + 1] ?? 0) + around(rng, vary.jitter)) * scaleY;
      const x = ((points[i] ?? 0) + around(rng, vary.jitter)) * scaleX + shear * y;
      placed.push(middleX + cos * x - sin * y, middleY + sin * x + cos * y);
    }
    return placed;
  };
}

/** A short faint line anywhere. */
function clutter(rng: Rng): Stroke {
  const x = between(rng, 0, glyphSize - 1);
  const y = between(rng, 0, glyphSize - 1);
  return { kind: "line", points: [x, y, x + around(rng, 4), y + around(rng, 4)] };
}

/** Ink and noise to bytes. */
function develop(rng: Rng, ink: Float32Array, pixels: Uint8Array, offset: number): void {
  for (let i = 0; i < ink.length; i++) {
    pixels[offset + i] = Math.round(255 * clamp01((ink[i] ?? 0) + around(rng, vary.noise)));
  }
}

function between(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.float();
}

/** Uniform in −reach … reach. */
function around(rng: Rng, reach: number): number {
  return (2 * rng.float() - 1) * reach;
}
