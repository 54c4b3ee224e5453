/** Arithmetic on bytes: the field GF(256) of the polynomial x⁸ + x⁴ + x³ + x² + 1, by tables. */
const polynomial = 0x11d;

const powers = new Uint8Array(255);
const logarithms = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  powers[exponent] = value;
  logarithms[value] = exponent;
  value <<= 1;
  if (value > 255) value ^= polynomial;
}

/** a · b at a · 256 + b: 64 KB, one look-up for each byte. */
const products = new Uint8Array(65_536);
for (let a = 1; a < 256; a++) {
  for (let b = 1; b < 256; b++) {
    const exponent = (logarithms[a] ?? 0) + (logarithms[b] ?? 0);
    products[a * 256 + b] = powers[exponent % 255] ?? 0;
  }
}

/** 1 / a, for a from 1 to 255. */
export function inverse(a: number): number {
  return powers[(255 - (logarithms[a] ?? 0)) % 255] ?? 0;
}

export function product(a: number, b: number): number {
  return products[a * 256 + b] ?? 0;
}

/** Adds `factor` times `count` bytes of `from` to those of `into`. */
export function addScaled(
  into: Uint8Array,
  at: number,
  from: Uint8Array,
  fromAt: number,
  count: number,
  factor: number,
): void {
  const row = factor * 256;
  for (let i = 0; i < count; i++)
    into[at + i] = (into[at + i] ?? 0) ^ (products[row + (from[fromAt + i] ?? 0)] ?? 0);
}

export function scale(bytes: Uint8Array, factor: number): void {
  const row = factor * 256;
  for (let i = 0; i < bytes.length; i++) bytes[i] = products[row + (bytes[i] ?? 0)] ?? 0;
}
