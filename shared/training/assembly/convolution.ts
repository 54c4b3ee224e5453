// Convolutions of any size and stride, as matrix products without the matrix: rows of a framed image overlap.
// All: x [n, height, width, inputs], filter [tall, wide, inputs, outputs], y [n, down, across, outputs].
import { multiplyPacked, packPanels, panelWidth } from "./gemm";
import { clear, frame } from "./images";

@inline
function panels(columns: i32): i32 {
  return (columns + panelWidth - 1) / panelWidth;
}

@inline
function frameSide(steps: i32, stride: i32, filter: i32): i32 {
  return (steps - 1) * stride + filter;
}

/** Bytes, for each of the three. */
export function convolutionScratch(
  inputs: i32, down: i32, across: i32, outputs: i32, tall: i32, wide: i32, stride: i32,
): i32 {
  const framed = frameSide(down, stride, tall) * frameSide(across, stride, wide) * inputs;
  const area = tall * wide * inputs;
  const forward = framed + area * panels(outputs) * panelWidth;
  const toInput = outputs * panels(area) * panelWidth + across * (area + panelWidth);
  const toFilter = framed + down * across * panels(outputs) * panelWidth + panelWidth * 4;
  return 4 * (max(forward, max(toInput, toFilter)) + 64);
}

export function convolve(
  x: usize, filter: usize, y: usize, n: i32, height: i32, width: i32, inputs: i32,
  down: i32, across: i32, outputs: i32, tall: i32, wide: i32, stride: i32, top: i32, left: i32,
  scratch: usize,
): void {
  const frameHeight = frameSide(down, stride, tall), frameWidth = frameSide(across, stride, wide);
  const frameBytes = <usize>(frameHeight * frameWidth * inputs) << 2;
  const run = wide * inputs;
  const edge = scratch;
  const packed = scratch + 256;
  const panelBytes = <usize>(tall * run) << 5;
  const framed = packed + <usize>panels(outputs) * panelBytes;
  packPanels(filter, <usize>outputs << 2, 4, tall * run, outputs, packed);
  clear(framed, frameBytes);
  for (let image = 0; image < n; image++) {
    frame(x, height, width, inputs, framed, frameHeight, frameWidth, top, left);
    for (let j = 0; j < outputs; j += panelWidth) {
      const p = packed + <usize>(j / panelWidth) * panelBytes;
      for (let row = 0; row < down; row++) {
        convolveRow(
          framed + <usize>(row * stride) * (<usize>(frameWidth * inputs) << 2), frameWidth * inputs, stride * inputs,
          p, run, tall, y + (<usize>(row * across * outputs + j) << 2), outputs, across, min(outputs - j, panelWidth), edge,
        );
      }
    }
    x += <usize>(height * width * inputs) << 2;
    y += <usize>(down * across * outputs) << 2;
  }
}

/** One row of pixels of 8 outputs; 4 pixels at a time. `line` and `step` in floats: to the next row and pixel of x. */
function convolveRow(
  x: usize, line: i32, step: i32, panel: usize, run: i32, tall: i32,
  y: usize, outputs: i32, across: i32, columns: i32, edge: usize,
): void {
  const stepBytes = <usize>step << 2;
  const lineBytes = <usize>line << 2;
  const pixel = <usize>outputs << 2;
  let left = across;
  for (; left >= 4; left -= 4) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    let p = panel;
    let from = x;
    for (let t = 0; t < tall; t++) {
      let a0 = from, a1 = a0 + stepBytes, a2 = a1 + stepBytes, a3 = a2 + stepBytes;
      const end = p + (<usize>run << 5);
      while (p < end) {
        const b0 = v128.load(p), b1 = v128.load(p, 16);
        let s = v128.load32_splat(a0);
        c00 = f32x4.add(c00, f32x4.mul(s, b0));
        c01 = f32x4.add(c01, f32x4.mul(s, b1));
        s = v128.load32_splat(a1);
        c10 = f32x4.add(c10, f32x4.mul(s, b0));
        c11 = f32x4.add(c11, f32x4.mul(s, b1));
        s = v128.load32_splat(a2);
        c20 = f32x4.add(c20, f32x4.mul(s, b0));
        c21 = f32x4.add(c21, f32x4.mul(s, b1));
        s = v128.load32_splat(a3);
        c30 = f32x4.add(c30, f32x4.mul(s, b0));
        c31 = f32x4.add(c31, f32x4.mul(s, b1));
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        p += 32;
      }
      from += lineBytes;
    }
    storePixel(y, c00, c01, columns, edge);
    storePixel(y + pixel, c10, c11, columns, edge);
    storePixel(y + 2 * pixel, c20, c21, columns, edge);
    storePixel(y + 3 * pixel, c30, c31, columns, edge);
    y += 4 * pixel;
    x += 4 * stepBytes;
  }
  for (; left > 0; left--) {
    let c0 = f32x4.splat(0), c1 = c0;
    let p = panel;
    for (let t = 0; t < tall; t++) {
      let a = x + <usize>t * lineBytes;
      const end = p + (<usize>run << 5);
      while (p < end) {
        const s = v128.load32_splat(a);
        c0 = f32x4.add(c0, f32x4.mul(s, v128.load(p)));
        c1 = f32x4.add(c1, f32x4.mul(s, v128.load(p, 16)));
        a += 4;
        p += 32;
      }
    }
    storePixel(y, c0, c1, columns, edge);
    y += pixel;
    x += stepBytes;
  }
}

function storePixel(to: usize, low: v128, high: v128, columns: i32, edge: usize): void {
  if (columns == panelWidth) {
    v128.store(to, low);
    v128.store(to, high, 16);
    return;
  }
  v128.store(edge, low);
  v128.store(edge, high, 16);
  memory.copy(to, edge, <usize>columns << 2);
}

/** dx: for a row of pixels, dy·filterᵀ is what each of them adds to the patch under it. */
export function convolveBack(
  dy: usize, filter: usize, dx: usize, n: i32, height: i32, width: i32, inputs: i32,
  down: i32, across: i32, outputs: i32, tall: i32, wide: i32, stride: i32, top: i32, left: i32,
  scratch: usize,
): void {
  const area = tall * wide * inputs;
  const packed = scratch;
  const patches = packed + (<usize>(outputs * panels(area)) << 5);
  const edge = patches + (<usize>(across * area) << 2);
  packPanels(filter, 4, <usize>outputs << 2, outputs, area, packed);
  clear(dx, <usize>(n * height * width * inputs) << 2);
  const pixel = <usize>outputs << 2;
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < down; row++) {
      multiplyPacked(
        dy, pixel, packed, <usize>outputs << 5, patches, <usize>area << 2, edge,
        across, area, outputs, false,
      );
      for (let t = 0; t < tall; t++) {
        const y = row * stride - top + t;
        if (y >= 0 && y < height) {
          const from = patches + (<usize>(t * wide * inputs) << 2);
          addPatches(dx + (<usize>(y * width * inputs) << 2), width, inputs, from, area, across, wide, stride, left);
        }
      }
      dy += <usize>across * pixel;
    }
    dx += <usize>(height * width * inputs) << 2;
  }
}

function addPatches(
  line: usize, width: i32, inputs: i32, patches: usize, area: i32, across: i32, wide: i32, stride: i32, left: i32,
): void {
  for (let column = 0; column < across; column++) {
    const x = column * stride - left;
    const first = max(0, -x), last = min(wide, width - x);
    if (first < last) {
      addTo(
        line + (<usize>((x + first) * inputs) << 2),
        patches + (<usize>(column * area + first * inputs) << 2),
        (last - first) * inputs,
      );
    }
  }
}

export function addTo(to: usize, from: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}
