/** Matrix products, in batches and with any transposes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { columnSums, linearOperation } from "../ops/linear.ts";
import type { CallKernel } from "./kernel-module.ts";
import { fuse, replace } from "./register.ts";
import { isVector, makeOutput, pointerTo, sizeOf, stockKernel, withScratch } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

type Transposes = Pick<tf.BatchMatMulAttrs, "transposeA" | "transposeB">;

export function installMatrixProducts(call: CallKernel): void {
  function multiply(a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Transposes): TensorInfo {
    const [first, second] = [matrix(a, transposeA), matrix(b, transposeB)];
    const { rows } = first;
    const { columns } = second;
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const result = makeOutput([...batch, rows, columns]);
    const count = sizeOf(batch);
    const [aPointer, bPointer, to] = [pointerTo(a), pointerTo(b), pointerTo(result)];
    // A batch of 1 goes with all of the other's; other broadcasts don't come here.
    const aBytes = sizeOf(a.shape.slice(0, -2)) === 1 ? 0 : 4 * rows * first.columns;
    const bBytes = sizeOf(b.shape.slice(0, -2)) === 1 ? 0 : 4 * second.rows * columns;
    withScratch(call("gemmScratch"), (scratch) => {
      for (let i = 0; i < count; i++) {
        const from = [aPointer + i * aBytes, ...first.strides, bPointer + i * bBytes, ...second.strides];
        const size = [rows, columns, first.columns];
        call("gemm", ...from, to + 4 * i * rows * columns, 4 * columns, ...size, 0, scratch);
      }
    });
    return result;
  }

  function finish(y: TensorInfo, bias: TensorInfo | undefined, isRelu: boolean): TensorInfo {
    const width = y.shape.at(-1) ?? 1;
    const rows = sizeOf(y.shape) / width;
    call("addBias", pointerTo(y), bias ? pointerTo(bias) : 0, rows, width, Number(isRelu));
    return y;
  }

  const stock = stockKernel(tf.BatchMatMul);
  replace(tf.BatchMatMul, ({ a, b }: Inputs<"a" | "b">, attributes: tf.BatchMatMulAttrs) =>
    isOurs(a, b) ? multiply(a, b, attributes) : stock({ a, b }, { ...attributes }),
  );
  const stockFused = stockKernel(fusedMatMul);
  replace(fusedMatMul, (inputs: FusedInputs, attributes: tf._FusedMatMulAttrs) => {
    const { a, b, bias } = inputs;
    const { activation } = attributes;
    const isSimple = activation === "relu" || activation === "linear";
    if (!isSimple || !isOurs(a, b)) return stockFused({ ...inputs }, { ...attributes });
    const width = matrix(b, attributes.transposeB).columns;
    if (bias && !isVector(bias, width)) return composed({ a, b, bias }, attributes);
    return finish(multiply(a, b, attributes), bias, activation === "relu");
  });
  fuse(linearOperation, ({ x, weights, bias }) =>
    isVector(bias, weights.shape[1] ?? 0)
      ? finish(multiply(x, weights, { transposeA: false, transposeB: false }), bias, false)
      : undefined,
  );
  fuse(columnSums, ({ x }) => {
    const [rows = 0, width = 0] = x.shape;
    const result = makeOutput([width]);
    call("sumRows", pointerTo(x), pointerTo(result), rows, width);
    return result;
  });
}

// oxlint-disable-next-line eslint/no-underscore-dangle -- its name
const fusedMatMul = tf._FusedMatMul;

type Operands = Readonly<Record<"a" | "b", Tensor>>;
type FusedInputs = Operands & Readonly<Partial<Record<"bias", Tensor>>>;

/** For a bias that is no row of the result. */
function composed(
  { a, b, bias }: Required<FusedInputs>,
  { transposeA, transposeB, activation }: tf._FusedMatMulAttrs,
): TensorInfo {
  return tf.tidy(() => {
    const sum = tf.add(tf.matMul(a, b, transposeA, transposeB), bias);
    return activation === "relu" ? tf.relu(sum) : sum;
  });
}

/** Floats, with equal batches or one for all. */
function isOurs(a: TensorInfo, b: TensorInfo): boolean {
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const isEqual = tf.util.arraysEqual(aBatch, bBatch) || sizeOf(aBatch) === 1 || sizeOf(bBatch) === 1;
  return isEqual && a.dtype === "float32" && b.dtype === "float32";
}

/** The last two axes as the product sees them; strides in bytes, to the next row and the next column. */
function matrix({ shape }: TensorInfo, isTransposed: boolean) {
  const [height = 1, width = 1] = shape.slice(-2);
  return isTransposed
    ? { rows: width, columns: height, strides: [4, 4 * width] }
    : { rows: height, columns: width, strides: [4 * width, 4] };
}
