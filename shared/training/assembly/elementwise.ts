// One number at a time, four at once.
import { tanh } from "./functions";

/** y = relu(a + b) */
export function addRelu(a: usize, b: usize, y: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(y + i, f32x4.max(f32x4.add(v128.load(a + i), v128.load(b + i)), zero));
  }
  for (; i < bytes; i += 4) store<f32>(y + i, max(load<f32>(a + i) + load<f32>(b + i), 0));
}

/** dx = dy where y > 0 */
export function reluGradient(dy: usize, y: usize, dx: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(dx + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(y + i), zero)));
  }
  for (; i < bytes; i += 4) store<f32>(dx + i, load<f32>(y + i) > 0 ? load<f32>(dy + i) : 0);
}

@inline
function bend(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, f32x4.mul(x, x)), f32x4.splat(0.044715));
  return tanh(f32x4.mul(f32x4.add(x, cube), f32x4.splat(0.7978845608028654)));
}

@inline
function geluOf(x: v128): v128 {
  return f32x4.mul(f32x4.mul(x, f32x4.splat(0.5)), f32x4.add(bend(x), f32x4.splat(1)));
}

@inline
function geluSlope(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = bend(x);
  const cubic = f32x4.mul(f32x4.mul(x, x), f32x4.splat(3 * 0.044715));
  const inner = f32x4.mul(f32x4.add(cubic, one), f32x4.splat(0.7978845608028654));
  const bent = f32x4.mul(f32x4.mul(x, f32x4.sub(one, f32x4.mul(t, t))), inner);
  return f32x4.mul(f32x4.add(f32x4.add(t, one), bent), f32x4.splat(0.5));
}

export function gelu(x: usize, y: usize, count: i32): void {
  const bytes = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, geluOf(v128.load(x + i)));
  for (; i < bytes; i += 4) store<f32>(y + i, f32x4.extract_lane(geluOf(v128.load32_splat(x + i)), 0));
}

export function geluGradient(dy: usize, x: usize, dx: usize, count: i32): void {
  const bytes = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), geluSlope(v128.load(x + i))));
  }
  for (; i < bytes; i += 4) {
    store<f32>(dx + i, load<f32>(dy + i) * f32x4.extract_lane(geluSlope(v128.load32_splat(x + i)), 0));
  }
}
