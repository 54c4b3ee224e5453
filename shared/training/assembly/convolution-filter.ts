// The gradient of a filter of any size at any stride: gradient[t] = Σ over pixels of (a row of the patch
// under the pixel, wide·inputs floats) × dy.
import { packPanels, panelWidth } from "./gemm";
import { clear, frame } from "./images";

export function convolveFilter(
  x: usize, dy: usize, gradient: usize, n: i32, height: i32, width: i32, inputs: i32,
  down: i32, across: i32, outputs: i32, tall: i32, wide: i32, stride: i32, top: i32, left: i32,
  scratch: usize,
): void {
  const frameHeight = (down - 1) * stride + tall, frameWidth = (across - 1) * stride + wide;
  const run = wide * inputs;
  const frameBytes = <usize>(frameHeight * frameWidth * inputs) << 2;
  const framed = scratch;
  // Groups of 4 rows may read a little beyond.
  const packed = framed + frameBytes + 64;
  const pixels = down * across;
  const panelBytes = <usize>pixels << 5;
  const line = <usize>(frameWidth * inputs) << 2;
  const step = <usize>(stride * inputs) << 2;
  clear(framed, frameBytes + 64);
  clear(gradient, <usize>(tall * run * outputs) << 2);
  for (let image = 0; image < n; image++) {
    frame(x, height, width, inputs, framed, frameHeight, frameWidth, top, left);
    packPanels(dy, <usize>outputs << 2, 4, pixels, outputs, packed);
    for (let t = 0; t < tall; t++) {
      for (let j = 0; j < outputs; j += panelWidth) {
        const p = packed + <usize>(j / panelWidth) * panelBytes;
        const to = gradient + (<usize>(t * run * outputs + j) << 2);
        for (let i = 0; i < run; i += 4) {
          addProducts(
            framed + <usize>t * line + (<usize>i << 2), <usize>stride * line, step, p, down, across,
            to + (<usize>(i * outputs) << 2), outputs, min(run - i, 4), min(outputs - j, panelWidth),
          );
        }
      }
    }
    x += <usize>(height * width * inputs) << 2;
    dy += <usize>(pixels * outputs) << 2;
  }
}

/** to [rows ≤ 4, columns ≤ 8] += Σ over one image's pixels. */
function addProducts(
  x: usize, line: usize, step: usize, dy: usize, down: i32, across: i32,
  to: usize, outputs: i32, rows: i32, columns: i32,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (let row = 0; row < down; row++) {
    let a = x;
    for (let column = 0; column < across; column++) {
      const b0 = v128.load(dy), b1 = v128.load(dy, 16);
      let s = v128.load32_splat(a);
      c00 = f32x4.add(c00, f32x4.mul(s, b0));
      c01 = f32x4.add(c01, f32x4.mul(s, b1));
      s = v128.load32_splat(a, 4);
      c10 = f32x4.add(c10, f32x4.mul(s, b0));
      c11 = f32x4.add(c11, f32x4.mul(s, b1));
      s = v128.load32_splat(a, 8);
      c20 = f32x4.add(c20, f32x4.mul(s, b0));
      c21 = f32x4.add(c21, f32x4.mul(s, b1));
      s = v128.load32_splat(a, 12);
      c30 = f32x4.add(c30, f32x4.mul(s, b0));
      c31 = f32x4.add(c31, f32x4.mul(s, b1));
      a += step;
      dy += 32;
    }
    x += line;
  }
  const next = <usize>outputs << 2;
  addRow(to, c00, c01, columns);
  if (rows > 1) addRow(to + next, c10, c11, columns);
  if (rows > 2) addRow(to + 2 * next, c20, c21, columns);
  if (rows > 3) addRow(to + 3 * next, c30, c31, columns);
}

function addRow(to: usize, low: v128, high: v128, columns: i32): void {
  if (columns == panelWidth) {
    v128.store(to, f32x4.add(v128.load(to), low));
    v128.store(to, f32x4.add(v128.load(to, 16), high), 16);
    return;
  }
  for (let i = 0; i < columns; i++) {
    store<f32>(to, load<f32>(to) + f32x4.extract_lane(low, 0));
    // The next lane.
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 0);
    to += 4;
  }
}
