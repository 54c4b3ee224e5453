// The gradient of a 3×3 filter by the transposed form of winograd.ts, summed over all tiles before the last
// transform.
import { multiplyPanelAcross } from "./gemm";
import { clear, frame } from "./images";
import { ceilHalf, difference, frameBytes, matrixBytes, roundUp4, sum, tileRows, transformInput } from "./winograd-tiles";

export function winogradFilterScratch(height: i32, width: i32, inputs: i32, outputs: i32): i32 {
  const across = ceilHalf(width);
  const tiles = roundUp4(across * tileRows(across, ceilHalf(height), max(inputs, outputs)));
  return (
    frameBytes(height, width, inputs) + frameBytes(height, width, outputs) +
    64 * inputs * outputs + 16 * <i32>(matrixBytes(tiles, inputs) + matrixBytes(tiles, outputs))
  );
}

/** E = A·dy·Aᵀ for rows of tiles, to 16 matrices of panels [outputs / 8][tiles][8]. */
function transformGradient(
  from: usize, frameWidth: i32, channels: i32, rows: i32, across: i32, to: usize, matrix: usize, panel: usize,
): void {
  const pixel = <usize>channels << 2;
  const line = <usize>frameWidth * pixel;
  for (let y = 0; y < rows; y++) {
    let d = from + <usize>(2 * y) * line;
    for (let x = 0; x < across; x++) {
      for (let c = 0; c < channels; c += 4) {
        const e = to + <usize>(c >> 3) * panel + (<usize>(c & 4) << 2);
        const p = d + (<usize>c << 2);
        const a0 = v128.load(p), a1 = v128.load(p + pixel), b0 = v128.load(p + line), b1 = v128.load(p + line + pixel);
        storeExpanded(e, matrix, a0, a1);
        storeExpanded(e + 4 * matrix, matrix, sum(a0, b0), sum(a1, b1));
        storeExpanded(e + 8 * matrix, matrix, difference(a0, b0), difference(a1, b1));
        storeExpanded(e + 12 * matrix, matrix, f32x4.neg(b0), f32x4.neg(b1));
      }
      d += 2 * pixel;
      to += 32;
    }
  }
}

@inline
function storeExpanded(to: usize, matrix: usize, x0: v128, x1: v128): void {
  v128.store(to, x0);
  v128.store(to + matrix, sum(x0, x1));
  v128.store(to + 2 * matrix, difference(x0, x1));
  v128.store(to + 3 * matrix, f32x4.neg(x1));
}

/** Gᵀ·S·G for every pair of channels, from 16 matrices [inputs, outputs]. */
function transformBack(from: usize, matrix: usize, to: usize): void {
  const line: usize = 3 * matrix;
  for (let k: usize = 0; k < matrix; k += 16) {
    let s = from + k;
    let o = to + k;
    for (let column = 0; column < 4; column++) {
      const a = v128.load(s), b = v128.load(s + 4 * matrix), c = v128.load(s + 8 * matrix), d = v128.load(s + 12 * matrix);
      const both = half(sum(b, c));
      // In place of the sums: they are read once.
      v128.store(s, sum(a, both));
      v128.store(s + 4 * matrix, half(difference(b, c)));
      v128.store(s + 8 * matrix, sum(both, d));
      s += matrix;
    }
    s = from + k;
    for (let row = 0; row < 3; row++) {
      const a = v128.load(s), b = v128.load(s + matrix), c = v128.load(s + 2 * matrix), d = v128.load(s + 3 * matrix);
      const both = half(sum(b, c));
      v128.store(o, sum(a, both));
      v128.store(o + matrix, half(difference(b, c)));
      v128.store(o + 2 * matrix, sum(both, d));
      s += 4 * matrix;
      o += line;
    }
  }
}

@inline
function half(a: v128): v128 {
  return f32x4.mul(a, f32x4.splat(0.5));
}

/** gradient [3, 3, inputs, outputs] for x [n, height, width, inputs] and dy [n, height, width, outputs]. */
export function winogradFilter(
  x: usize, dy: usize, gradient: usize, n: i32, height: i32, width: i32, inputs: i32, outputs: i32,
  scratch: usize,
): void {
  const across = ceilHalf(width), down = ceilHalf(height);
  const frameWidth = 2 * across + 2, frameHeight = 2 * down + 2;
  const step = tileRows(across, down, max(inputs, outputs));
  const tiles = step * across;
  const inPixel = <usize>inputs << 2, outPixel = <usize>outputs << 2;
  const sums = scratch;
  const matrix = <usize>inputs * outPixel;
  const framedX = sums + 16 * matrix;
  const framedDy = framedX + frameBytes(height, width, inputs);
  const v = framedDy + frameBytes(height, width, outputs);
  const vMatrix = matrixBytes(tiles, inputs);
  const e = v + 16 * vMatrix;
  const eMatrix = matrixBytes(tiles, outputs);
  const panel = <usize>tiles << 5;
  clear(sums, 16 * matrix);
  clear(framedX, frameBytes(height, width, inputs) + frameBytes(height, width, outputs));
  for (let image = 0; image < n; image++) {
    frame(x, height, width, inputs, framedX, frameHeight, frameWidth, 1, 1);
    frame(dy, height, width, outputs, framedDy, frameHeight, frameWidth, 0, 0);
    for (let row = 0; row < down; row += step) {
      const rows = min(step, down - row);
      const line = <usize>(2 * row * frameWidth);
      transformInput(framedX + line * inPixel, frameWidth, inputs, rows, across, v, vMatrix);
      transformGradient(framedDy + line * outPixel, frameWidth, outputs, rows, across, e, eMatrix, panel);
      for (let i = 0; i < 16; i++) {
        for (let j = 0; j < outputs; j += 8) {
          multiplyPanelAcross(
            v + <usize>i * vMatrix, inPixel, 16, e + <usize>i * eMatrix + <usize>(j >> 3) * panel,
            sums + <usize>i * matrix + (<usize>j << 2), outPixel, inputs, rows * across, true,
          );
        }
      }
    }
    x += <usize>(height * width) * inPixel;
    dy += <usize>(height * width) * outPixel;
  }
  transformBack(sums, matrix, gradient);
}
