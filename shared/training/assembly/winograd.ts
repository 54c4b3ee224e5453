// Convolution with 3×3 filters at stride 1 by Winograd's minimal filtering F(2×2, 3×3): 16 products in
// place of 36 for 2×2 outputs (Lavin & Gray 2015, https://arxiv.org/abs/1509.09308). The gradient of the
// filter is the same trilinear form, transposed: Gᵀ·[Σ (A·dy·Aᵀ) ⊙ (Bᵀ·x·B)]·G.
import { multiplyPanel } from "./gemm";
import { clear, frame } from "./images";
import { ceilHalf, difference, frameBytes, matrixBytes, roundUp4, sum, tileRows, transformInput } from "./winograd-tiles";

@inline
function blockTiles(height: i32, width: i32, channels: i32): i32 {
  const across = ceilHalf(width);
  return roundUp4(across * tileRows(across, ceilHalf(height), channels));
}

/** Bytes for either direction; channels of both sides must be multiples of 8. */
export function winogradScratch(height: i32, width: i32, inputs: i32, outputs: i32): i32 {
  const most = max(inputs, outputs);
  const tiles = blockTiles(height, width, most);
  return frameBytes(height, width, most) + 64 * inputs * outputs + 16 * <i32>(matrixBytes(tiles, inputs) + matrixBytes(tiles, outputs));
}

/**
 * U = G·g·Gᵀ as 16 matrices [inputs, outputs] in panels of 8 columns. `turned`: for the gradient of the
 * images, the filter turned by 180° and its channels swapped. Four channels at a time, those that are side by
 * side in the filter: outputs, or inputs where it is turned.
 */
function transformFilter(filter: usize, inputs: i32, outputs: i32, turned: bool, to: usize): void {
  const matrix = <usize>(inputs * outputs) << 2;
  const outer = turned ? outputs : inputs, inner = turned ? inputs : outputs;
  const first = turned ? filter + 8 * matrix : filter;
  const column = turned ? 0 - matrix : matrix;
  for (let a = 0; a < outer; a++) {
    for (let b = 0; b < inner; b += 4) {
      const g = first + (<usize>(a * inner + b) << 2);
      const i = turned ? b : a, o = turned ? a : b;
      let u = to + (<usize>((o >> 3) * inputs * 8 + i * 8 + (o & 7)) << 2);
      for (let r = 0; r < 4; r++) {
        const x0 = combined(g, 3 * column, r);
        const x1 = combined(g + column, 3 * column, r);
        const x2 = combined(g + 2 * column, 3 * column, r);
        const both = sum(x0, x2);
        storeFour(u, x0, turned);
        storeFour(u + matrix, half(sum(both, x1)), turned);
        storeFour(u + 2 * matrix, half(difference(both, x1)), turned);
        storeFour(u + 3 * matrix, x2, turned);
        u += 4 * matrix;
      }
    }
  }
}

/** Row r of G times one column of the filter. */
@inline
function combined(g: usize, row: usize, r: i32): v128 {
  const a = v128.load(g), c = v128.load(g + 2 * row);
  if (r == 0) return a;
  if (r == 3) return c;
  const b = v128.load(g + row);
  return half(r == 1 ? sum(sum(a, c), b) : difference(sum(a, c), b));
}

/** Side by side, or each in the next row of its panel. */
@inline
function storeFour(to: usize, x: v128, apart: bool): void {
  if (!apart) {
    v128.store(to, x);
    return;
  }
  v128.store32_lane(to, x, 0);
  v128.store32_lane(to, x, 1, 32);
  v128.store32_lane(to, x, 2, 64);
  v128.store32_lane(to, x, 3, 96);
}

@inline
function half(a: v128): v128 {
  return f32x4.mul(a, f32x4.splat(0.5));
}

/** Y = Aᵀ·m·A, to the image's pixels from tile row `firstRow`. */
function transformOutput(
  from: usize, matrix: usize, channels: i32, firstRow: i32, rows: i32, across: i32,
  image: usize, height: i32, width: i32,
): void {
  const pixel = <usize>channels << 2;
  const line = <usize>width * pixel;
  const groups = channels >> 2;
  for (let y = 2 * firstRow; y < 2 * (firstRow + rows); y += 2) {
    const hasRow = y + 1 < height;
    for (let x = 0; x < 2 * across; x += 2) {
      const hasColumn = x + 1 < width;
      let o = image + <usize>y * line + <usize>x * pixel;
      for (let g = 0; g < groups; g++) {
        let m = from;
        let s0 = v128.load(m), s1 = v128.load(m + matrix), s2 = v128.load(m + 2 * matrix), s3 = v128.load(m + 3 * matrix);
        m += 4 * matrix;
        let p = v128.load(m), q = v128.load(m + 4 * matrix);
        s0 = sum(s0, sum(p, q));
        let t0 = difference(p, q);
        p = v128.load(m + matrix);
        q = v128.load(m + 5 * matrix);
        s1 = sum(s1, sum(p, q));
        let t1 = difference(p, q);
        p = v128.load(m + 2 * matrix);
        q = v128.load(m + 6 * matrix);
        s2 = sum(s2, sum(p, q));
        let t2 = difference(p, q);
        p = v128.load(m + 3 * matrix);
        q = v128.load(m + 7 * matrix);
        s3 = sum(s3, sum(p, q));
        let t3 = difference(p, q);
        m += 8 * matrix;
        v128.store(o, sum(s0, sum(s1, s2)));
        if (hasColumn) v128.store(o + pixel, difference(difference(s1, s2), s3));
        if (hasRow) {
          t0 = difference(t0, v128.load(m));
          t1 = difference(t1, v128.load(m + matrix));
          t2 = difference(t2, v128.load(m + 2 * matrix));
          t3 = difference(t3, v128.load(m + 3 * matrix));
          v128.store(o + line, sum(t0, sum(t1, t2)));
          if (hasColumn) v128.store(o + line + pixel, difference(difference(t1, t2), t3));
        }
        o += 16;
        from += 16;
      }
    }
  }
}

/**
 * y [n, height, width, outputs] = x [n, height, width, inputs] convolved, "same".
 * @param turned the gradient of the images: x is dy, and the filter is that of the forward pass
 */
export function winograd(
  x: usize, filter: usize, y: usize, n: i32, height: i32, width: i32, inputs: i32, outputs: i32,
  turned: bool, scratch: usize,
): void {
  const across = ceilHalf(width), down = ceilHalf(height);
  const frameWidth = 2 * across + 2, frameHeight = 2 * down + 2;
  const most = max(inputs, outputs);
  const step = tileRows(across, down, most);
  const framed = scratch;
  const u = framed + frameBytes(height, width, inputs);
  const v = u + (<usize>(inputs * outputs) << 6);
  const tiles = roundUp4(step * across);
  const vMatrix = matrixBytes(tiles, inputs);
  const m = v + 16 * vMatrix;
  const mMatrix = matrixBytes(tiles, outputs);
  const uMatrix = <usize>(inputs * outputs) << 2;
  const inPixel = <usize>inputs << 2, outPixel = <usize>outputs << 2;
  transformFilter(filter, inputs, outputs, turned, u);
  clear(framed, frameBytes(height, width, inputs));
  // Tiles that fill up a group of 4 are computed with the others.
  clear(v, 16 * vMatrix);
  for (let image = 0; image < n; image++) {
    frame(x, height, width, inputs, framed, frameHeight, frameWidth, 1, 1);
    for (let row = 0; row < down; row += step) {
      const rows = min(step, down - row);
      const line = framed + <usize>(2 * row * frameWidth) * inPixel;
      transformInput(line, frameWidth, inputs, rows, across, v, vMatrix);
      const count = roundUp4(rows * across);
      for (let i = 0; i < 16; i++) {
        for (let j = 0; j < outputs; j += 8) {
          multiplyPanel(
            v + <usize>i * vMatrix, inPixel, 4 * inPixel,
            u + <usize>i * uMatrix + <usize>j * inPixel,
            m + <usize>i * mMatrix + (<usize>j << 2), outPixel, count, inputs, false,
          );
        }
      }
      transformOutput(m, mMatrix, outputs, row, rows, across, y, height, width);
    }
    x += <usize>(height * width) * inPixel;
    y += <usize>(height * width) * outPixel;
  }
}
