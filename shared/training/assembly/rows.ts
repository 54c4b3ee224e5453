// Row by row: softmax cross-entropy, layer normalisation, embedding, bias.
import { across, exponentials, largest, logarithm, scaleAll } from "./functions";
import { addTo } from "./convolution";
import { clear } from "./images";

/**
 * Writes the mean loss, and its gradient [rows, classes]. Labels: int32, −1 is not counted; one that no class
 * has makes the loss NaN.
 */
export function crossEntropy(
  logits: usize, labels: usize, loss: usize, gradient: usize, rows: i32, classes: i32,
): void {
  let count = 0;
  for (let i = 0; i < rows; i++) if (load<i32>(labels + (<usize>i << 2)) >= 0) count++;
  const share: f32 = 1 / <f32>max(count, 1);
  let total: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const label = load<i32>(labels + (<usize>i << 2));
    if (label < 0 || label >= classes) {
      clear(gradient, <usize>classes << 2);
      if (label >= 0) total = NaN;
    } else {
      const most = largest(logits, classes);
      const sum = exponentials(logits, gradient, classes, most);
      scaleAll(gradient, classes, share / sum);
      const own = gradient + (<usize>label << 2);
      store<f32>(own, load<f32>(own) - share);
      total += <f64>(logarithm(sum) + most - load<f32>(logits + (<usize>label << 2)));
    }
    logits += <usize>classes << 2;
    gradient += <usize>classes << 2;
  }
  store<f32>(loss, <f32>(total * <f64>share));
}

/** Channels: a multiple of 4. To y, and every row's mean and 1 / √(variance + ε). */
export function layerNorm(
  x: usize, scale: usize, offset: usize, y: usize, means: usize, inverses: usize,
  rows: i32, channels: i32, epsilon: f32,
): void {
  const bytes = <usize>channels << 2;
  const share: f32 = 1 / <f32>channels;
  for (let r = 0; r < rows; r++) {
    let sum = f32x4.splat(0);
    for (let c: usize = 0; c < bytes; c += 16) sum = f32x4.add(sum, v128.load(x + c));
    const mean = across(sum) * share;
    const m = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let c: usize = 0; c < bytes; c += 16) {
      const d = f32x4.sub(v128.load(x + c), m);
      squares = f32x4.add(squares, f32x4.mul(d, d));
    }
    const inverse: f32 = 1 / sqrt<f32>(across(squares) * share + epsilon);
    const v = f32x4.splat(inverse);
    for (let c: usize = 0; c < bytes; c += 16) {
      const centred = f32x4.mul(f32x4.sub(v128.load(x + c), m), v);
      v128.store(y + c, f32x4.add(f32x4.mul(centred, v128.load(scale + c)), v128.load(offset + c)));
    }
    store<f32>(means, mean);
    store<f32>(inverses, inverse);
    x += bytes;
    y += bytes;
    means += 4;
    inverses += 4;
  }
}

export function layerNormGradient(
  dy: usize, x: usize, scale: usize, means: usize, inverses: usize, dx: usize, dScale: usize, dOffset: usize,
  rows: i32, channels: i32,
): void {
  const bytes = <usize>channels << 2;
  const share: f32 = 1 / <f32>channels;
  clear(dScale, bytes);
  clear(dOffset, bytes);
  for (let r = 0; r < rows; r++) {
    const m = v128.load32_splat(means), inverse = v128.load32_splat(inverses);
    let sum = f32x4.splat(0), product = sum;
    for (let c: usize = 0; c < bytes; c += 16) {
      const g = v128.load(dy + c);
      const centred = f32x4.mul(f32x4.sub(v128.load(x + c), m), inverse);
      const scaled = f32x4.mul(g, v128.load(scale + c));
      sum = f32x4.add(sum, scaled);
      product = f32x4.add(product, f32x4.mul(scaled, centred));
      v128.store(dOffset + c, f32x4.add(v128.load(dOffset + c), g));
      v128.store(dScale + c, f32x4.add(v128.load(dScale + c), f32x4.mul(g, centred)));
    }
    const a = f32x4.splat(across(sum) * share), b = f32x4.splat(across(product) * share);
    for (let c: usize = 0; c < bytes; c += 16) {
      const centred = f32x4.mul(f32x4.sub(v128.load(x + c), m), inverse);
      const scaled = f32x4.mul(v128.load(dy + c), v128.load(scale + c));
      v128.store(dx + c, f32x4.mul(f32x4.sub(f32x4.sub(scaled, a), f32x4.mul(centred, b)), inverse));
    }
    dy += bytes;
    x += bytes;
    dx += bytes;
    means += 4;
    inverses += 4;
  }
}

/** to [rows, width] = the rows of a table with these numbers; zeros for a number that it has not. */
export function takeRows(table: usize, ids: usize, to: usize, rows: i32, tableRows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let i = 0; i < rows; i++) {
    const id = load<u32>(ids + (<usize>i << 2));
    if (id < <u32>tableRows) memory.copy(to, table + <usize>id * bytes, bytes);
    else clear(to, bytes);
    to += bytes;
  }
}

/** to [segments, width] = the sum of the rows of each; a negative number belongs to none. */
export function segmentSum(x: usize, ids: usize, to: usize, rows: i32, segments: i32, width: i32): void {
  clear(to, <usize>(segments * width) << 2);
  for (let i = 0; i < rows; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id >= 0 && id < segments) addTo(to + (<usize>(id * width) << 2), x, width);
    x += <usize>width << 2;
  }
}

/** y [rows, width] ← y + bias, then ReLU if wanted. A bias of 0 is none. */
export function addBias(y: usize, bias: usize, rows: i32, width: i32, relu: bool): void {
  const floor: f32 = relu ? 0 : <f32>-Infinity;
  const low = f32x4.splat(floor);
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    for (; i + 16 <= <usize>width << 2; i += 16) {
      const b = bias == 0 ? f32x4.splat(0) : v128.load(bias + i);
      v128.store(y + i, f32x4.max(f32x4.add(v128.load(y + i), b), low));
    }
    for (; i < <usize>width << 2; i += 4) {
      store<f32>(y + i, max(load<f32>(y + i) + (bias == 0 ? 0 : load<f32>(bias + i)), floor));
    }
    y += <usize>width << 2;
  }
}

/** to [width] = the sum of all rows. */
export function sumRows(x: usize, to: usize, rows: i32, width: i32): void {
  clear(to, <usize>width << 2);
  for (let r = 0; r < rows; r++) {
    addTo(to, x, width);
    x += <usize>width << 2;
  }
}
