// Matrix products. The tile of 4 rows × 8 columns keeps its sums in 8 of the 16 vector registers.
// All strides are in bytes, all matrices float32.
import { clear } from "./images";

/** Columns of a panel. */
export const panelWidth: i32 = 8;

/**
 * c (+)= a·b for one panel of 8 columns: b is packed [depth][8]. Row r of a begins at
 * a + (r / 4)·aGroup + (r % 4)·aRow, its elements are 4 bytes apart.
 */
export function multiplyPanel(
  a: usize, aRow: usize, aGroup: usize, b: usize, c: usize, cRow: usize, rows: i32, depth: i32, accumulate: bool,
): void {
  multiply(false, a, aRow, 4, aGroup, b, c, cRow, rows, depth, accumulate);
}

/** The same with the 4 rows of a group side by side, and their elements aStep apart. */
export function multiplyPanelAcross(
  a: usize, aStep: usize, aGroup: usize, b: usize, c: usize, cRow: usize, rows: i32, depth: i32, accumulate: bool,
): void {
  multiply(true, a, 4, aStep, aGroup, b, c, cRow, rows, depth, accumulate);
}

/**
 * Inlined twice, so that it is known where the rows are: fewer pointers to step. Not unrolled: two steps at
 * once took V8 (Node 20) a third longer.
 */
@inline
function multiply(
  rowsAdjacent: bool, a: usize, aRow: usize, aStep: usize, aGroup: usize,
  b: usize, c: usize, cRow: usize, rows: i32, depth: i32, accumulate: bool,
): void {
  const end = b + (<usize>depth << 5);
  let left = rows;
  for (; left >= 4; left -= 4) {
    let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    let b0 = c00, b1 = c00, s = c00;
    let a0 = a, a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
    let p = b;
    while (p < end) {
      b0 = v128.load(p);
      b1 = v128.load(p, 16);
      s = v128.load32_splat(a0);
      c00 = f32x4.add(c00, f32x4.mul(s, b0));
      c01 = f32x4.add(c01, f32x4.mul(s, b1));
      s = rowsAdjacent ? v128.load32_splat(a0, 4) : v128.load32_splat(a1);
      c10 = f32x4.add(c10, f32x4.mul(s, b0));
      c11 = f32x4.add(c11, f32x4.mul(s, b1));
      s = rowsAdjacent ? v128.load32_splat(a0, 8) : v128.load32_splat(a2);
      c20 = f32x4.add(c20, f32x4.mul(s, b0));
      c21 = f32x4.add(c21, f32x4.mul(s, b1));
      s = rowsAdjacent ? v128.load32_splat(a0, 12) : v128.load32_splat(a3);
      c30 = f32x4.add(c30, f32x4.mul(s, b0));
      c31 = f32x4.add(c31, f32x4.mul(s, b1));
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      p += 32;
    }
    let o = c;
    if (accumulate) {
      c00 = f32x4.add(c00, v128.load(o));
      c01 = f32x4.add(c01, v128.load(o, 16));
      o += cRow;
      c10 = f32x4.add(c10, v128.load(o));
      c11 = f32x4.add(c11, v128.load(o, 16));
      o += cRow;
      c20 = f32x4.add(c20, v128.load(o));
      c21 = f32x4.add(c21, v128.load(o, 16));
      o += cRow;
      c30 = f32x4.add(c30, v128.load(o));
      c31 = f32x4.add(c31, v128.load(o, 16));
      o = c;
    }
    v128.store(o, c00);
    v128.store(o, c01, 16);
    o += cRow;
    v128.store(o, c10);
    v128.store(o, c11, 16);
    o += cRow;
    v128.store(o, c20);
    v128.store(o, c21, 16);
    o += cRow;
    v128.store(o, c30);
    v128.store(o, c31, 16);
    c = o + cRow;
    a += aGroup;
  }
  for (; left > 0; left--) {
    let c0 = f32x4.splat(0), c1 = c0;
    let a0 = a;
    for (let p = b; p < end; p += 32) {
      const s = v128.load32_splat(a0);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(p)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(p, 16)));
      a0 += aStep;
    }
    if (accumulate) {
      c0 = f32x4.add(c0, v128.load(c));
      c1 = f32x4.add(c1, v128.load(c, 16));
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    c += cRow;
    a += aRow;
  }
}

/** Panels [columns / 8][depth][8] of b, the last one filled up with zeros. */
export function packPanels(
  b: usize, bRow: usize, bColumn: usize, depth: i32, columns: i32, to: usize,
): void {
  for (let j = 0; j < columns; j += panelWidth) {
    const width = min(columns - j, panelWidth);
    let row = b + <usize>j * bColumn;
    for (let k = 0; k < depth; k++) {
      if (width == panelWidth && bColumn == 4) {
        v128.store(to, v128.load(row));
        v128.store(to, v128.load(row, 16), 16);
      } else {
        let from = row;
        for (let i = 0; i < panelWidth; i++) {
          store<f32>(to + (<usize>i << 2), i < width ? load<f32>(from) : 0);
          if (i + 1 < width) from += bColumn;
        }
      }
      row += bRow;
      to += 32;
    }
  }
}

/** Groups [rows / 4][depth][4] of a; a group that is not full is left unfilled. */
function packGroups(a: usize, aRow: usize, aStep: usize, rows: i32, depth: i32, to: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const height = min(rows - i, 4);
    let column = a + <usize>i * aRow;
    let k = 0;
    if (height == 4 && aStep == 4) {
      for (; k + 4 <= depth; k += 4) {
        transpose4(column, aRow, to);
        column += 16;
        to += 64;
      }
    }
    for (; k < depth; k++) {
      if (height == 4 && aRow == 4) {
        v128.store(to, v128.load(column));
      } else {
        for (let r = 0; r < height; r++) {
          store<f32>(to + (<usize>r << 2), load<f32>(column + <usize>r * aRow));
        }
      }
      column += aStep;
      to += 16;
    }
  }
}

/** 4 rows of 4 numbers to 4 columns. */
@inline
function transpose4(from: usize, row: usize, to: usize): void {
  const a = v128.load(from), b = v128.load(from + row), c = v128.load(from + 2 * row), d = v128.load(from + 3 * row);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), 16);
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5), 32);
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7), 48);
}

/**
 * c (+)= a·b with b in panels of `panelBytes`; `edge` holds rows × 8 for columns that fill no panel.
 * a either in rows that are aRow apart, or (aRow 0) in groups as packGroups makes them.
 */
export function multiplyPacked(
  a: usize, aRow: usize, b: usize, panelBytes: usize, c: usize, cRow: usize, edge: usize,
  rows: i32, columns: i32, depth: i32, accumulate: bool,
): void {
  for (let j = 0; j < columns; j += panelWidth) {
    const width = min(columns - j, panelWidth);
    const isFull = width == panelWidth;
    const to = isFull ? c : edge;
    const toRow: usize = isFull ? cRow : 32;
    const adds = accumulate && isFull;
    if (aRow == 0) multiplyPanelAcross(a, 16, <usize>depth << 4, b, to, toRow, rows, depth, adds);
    else multiplyPanel(a, aRow, 4 * aRow, b, to, toRow, rows, depth, adds);
    if (!isFull) copyEdge(edge, c, cRow, rows, width, accumulate);
    b += panelBytes;
    c += 32;
  }
}

function copyEdge(edge: usize, c: usize, cRow: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let k: usize = 0; k < <usize>columns << 2; k += 4) {
      const sum = load<f32>(edge + k);
      store<f32>(c + k, accumulate ? load<f32>(c + k) + sum : sum);
    }
    edge += 32;
    c += cRow;
  }
}

// Blocks: a's and a panel of b's stay in the caches of the first two levels.
const rowBlock: i32 = 64;
const depthBlock: i32 = 256;
const columnBlock: i32 = 512;

export function gemmScratch(): i32 {
  return 4 * (rowBlock * depthBlock + depthBlock * columnBlock + rowBlock * panelWidth);
}

/** c [rows, columns] (+)= a [rows, depth] · b [depth, columns], each with any strides but c, whose columns are contiguous. */
export function gemm(
  a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bColumn: usize,
  c: usize, cRow: usize, rows: i32, columns: i32, depth: i32, accumulate: bool, scratch: usize,
): void {
  if (depth == 0 && !accumulate) for (let i = 0; i < rows; i++) clear(c + <usize>i * cRow, <usize>columns << 2);
  const packedB = scratch + 4 * rowBlock * depthBlock;
  const edge = packedB + 4 * depthBlock * columnBlock;
  for (let j = 0; j < columns; j += columnBlock) {
    const width = min(columns - j, columnBlock);
    for (let k = 0; k < depth; k += depthBlock) {
      const height = min(depth - k, depthBlock);
      packPanels(b + <usize>k * bRow + <usize>j * bColumn, bRow, bColumn, height, width, packedB);
      for (let i = 0; i < rows; i += rowBlock) {
        const count = min(rows - i, rowBlock);
        packGroups(a + <usize>i * aRow + <usize>k * aStep, aRow, aStep, count, height, scratch);
        const to = c + <usize>i * cRow + (<usize>j << 2);
        multiplyPacked(
          scratch, 0, packedB, <usize>height << 5, to, cRow, edge, count, width, height, accumulate || k > 0,
        );
      }
    }
  }
}
