// exp and what is made of it, to about 1e-7, by Cephes's polynomials (https://www.netlib.org/cephes/).

export function exponential(x: v128): v128 {
  x = f32x4.max(f32x4.splat(-87), f32x4.min(f32x4.splat(87), x));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  // ln 2 in two parts, so that the rest is exact.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), f32x4.add(r, f32x4.splat(1)));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
}

@inline
export function tanh(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exponential(f32x4.mul(x, f32x4.splat(2)));
  return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
}

/** Natural logarithm of x > 0. */
export function logarithm(x: f32): f32 {
  const bits = reinterpret<u32>(x);
  let e = <f32>(<i32>(bits >> 23) - 126);
  let m = reinterpret<f32>((bits & 0x007fffff) | 0x3f000000);
  if (m < 0.707106781) {
    e -= 1;
    m = m + m - 1;
  } else {
    m -= 1;
  }
  const z = m * m;
  let p: f32 = 7.0376836292e-2;
  p = p * m - 1.1514610310e-1;
  p = p * m + 1.1676998740e-1;
  p = p * m - 1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m - 1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m - 2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  p = p * m * z - 2.12194440e-4 * e - 0.5 * z;
  return m + p + 0.693359375 * e;
}

/** The sum of the four lanes. */
@inline
export function across(x: v128): f32 {
  const low = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
  return low + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** The largest of `count` numbers. */
export function largest(x: usize, count: i32): f32 {
  let best = load<f32>(x);
  for (let i = 1; i < count; i++) best = max(best, load<f32>(x + (<usize>i << 2)));
  return best;
}

/** to = exp(x − shift) for `count` numbers; returns their sum. */
export function exponentials(x: usize, to: usize, count: i32, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let total = f32x4.splat(0);
  let i: usize = 0;
  const whole = <usize>(count & ~3) << 2;
  for (; i < whole; i += 16) {
    const e = exponential(f32x4.sub(v128.load(x + i), s));
    v128.store(to + i, e);
    total = f32x4.add(total, e);
  }
  let sum = across(total);
  for (; i < <usize>count << 2; i += 4) {
    const e = f32x4.extract_lane(exponential(f32x4.sub(v128.load32_splat(x + i), s)), 0);
    store<f32>(to + i, e);
    sum += e;
  }
  return sum;
}

/** x ← x·factor for `count` numbers. */
export function scaleAll(x: usize, count: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; count >= 4; count -= 4) {
    v128.store(x, f32x4.mul(v128.load(x), f));
    x += 16;
  }
  for (; count > 0; count--) {
    store<f32>(x, load<f32>(x) * factor);
    x += 4;
  }
}
