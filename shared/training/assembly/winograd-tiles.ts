// The tiles of Winograd's minimal filtering: blocks of them that stay in the cache, and V = Bᵀ·d·B.

/** Vectors of 4 channels that a block of tiles takes in each of its 16 matrices. */
const blockVectors: i32 = 512;

@inline
export function sum(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

@inline
export function difference(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

@inline
export function ceilHalf(n: i32): i32 {
  return (n + 1) >> 1;
}

@inline
export function tileRows(tilesAcross: i32, tilesDown: i32, channels: i32): i32 {
  return max(1, min(tilesDown, blockVectors / (channels >> 2) / tilesAcross));
}

@inline
export function roundUp4(n: i32): i32 {
  return (n + 3) & ~3;
}

@inline
export function frameBytes(height: i32, width: i32, channels: i32): i32 {
  return 4 * (2 * ceilHalf(height) + 2) * (2 * ceilHalf(width) + 2) * channels;
}

/** Not a power of two: the 16 matrices would fall into the same lines of the cache. */
@inline
export function matrixBytes(tiles: i32, channels: i32): usize {
  return (<usize>(tiles * channels) << 2) + 192;
}

/** V = Bᵀ·d·B for `rows` × `across` tiles of a framed image, to 16 matrices [tiles, channels] that are `matrix` bytes apart. */
export function transformInput(
  from: usize, frameWidth: i32, channels: i32, rows: i32, across: i32, to: usize, matrix: usize,
): void {
  const pixel = <usize>channels << 2;
  const line = <usize>frameWidth * pixel;
  const groups = channels >> 2;
  for (let y = 0; y < rows; y++) {
    let d = from + <usize>(2 * y) * line;
    for (let x = 0; x < across; x++) {
      for (let g = 0; g < groups; g++) {
        // The differences of rows first: B's columns need rows 0 and 2, 1 and 2, 3 and 1.
        let p = d;
        const a0 = v128.load(p), a1 = v128.load(p + pixel), a2 = v128.load(p + 2 * pixel), a3 = v128.load(p + 3 * pixel);
        p += line;
        const b0 = v128.load(p), b1 = v128.load(p + pixel), b2 = v128.load(p + 2 * pixel), b3 = v128.load(p + 3 * pixel);
        p += line;
        const c0 = v128.load(p), c1 = v128.load(p + pixel), c2 = v128.load(p + 2 * pixel), c3 = v128.load(p + 3 * pixel);
        let v = to;
        storeRow(v, matrix, difference(a0, c0), difference(a1, c1), difference(a2, c2), difference(a3, c3));
        v += 4 * matrix;
        storeRow(v, matrix, sum(b0, c0), sum(b1, c1), sum(b2, c2), sum(b3, c3));
        v += 4 * matrix;
        storeRow(v, matrix, difference(c0, b0), difference(c1, b1), difference(c2, b2), difference(c3, b3));
        p += line;
        v += 4 * matrix;
        const e0 = v128.load(p), e1 = v128.load(p + pixel), e2 = v128.load(p + 2 * pixel), e3 = v128.load(p + 3 * pixel);
        storeRow(v, matrix, difference(b0, e0), difference(b1, e1), difference(b2, e2), difference(b3, e3));
        d += 16;
        to += 16;
      }
      d += pixel;
    }
  }
}

@inline
function storeRow(to: usize, matrix: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  v128.store(to, difference(x0, x2));
  v128.store(to + matrix, sum(x1, x2));
  v128.store(to + 2 * matrix, difference(x2, x1));
  v128.store(to + 3 * matrix, difference(x1, x3));
}
