/**
 * The safetensors file format (https://github.com/huggingface/safetensors#format), 32-bit floats only:
 * the header's length as a little-endian u64, the header as JSON, then all values without a gap. Strict,
 * because files come from strangers; what does not fit is an error of one sentence.
 */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row by row. */
  readonly values: Float32Array;
}

export interface TensorFile {
  readonly tensors: readonly NamedTensor[];
  /** Texts only: the format has no other kind. */
  readonly metadata: Readonly<Record<string, string>>;
}

const lengthBytes = 8;
const bytesPerValue = 4;
const maxHeaderBytes = 1_000_000;
const maxTensors = 10_000;
const maxDimensions = 8;
/** Values begin at a multiple of this: readers map them without copying. */
const alignment = 8;
const metadataKey = "__metadata__";
const space = 0x20;

export function writeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(JSON.stringify(headerOf(tensors, metadata)));
  const dataStart = Math.ceil((lengthBytes + header.length) / alignment) * alignment;
  const size = tensors.reduce((sum, { values }) => sum + values.length * bytesPerValue, 0);
  const bytes = new Uint8Array(dataStart + size).fill(space, 0, dataStart);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(dataStart - lengthBytes), true);
  bytes.set(header, lengthBytes);
  let at = dataStart;
  for (const { values } of tensors) {
    bytes.set(toBytes(values), at);
    at += values.length * bytesPerValue;
  }
  return bytes;
}

/** The file's order of bytes is this machine's: values are copied as they are, millions in milliseconds. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function toBytes(values: Float32Array): Uint8Array {
  if (isLittleEndian) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const view = new DataView(new ArrayBuffer(values.byteLength));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * bytesPerValue, values[i] ?? 0, true);
  return new Uint8Array(view.buffer);
}

function headerOf(tensors: readonly NamedTensor[], metadata: TensorFile["metadata"]): object {
  const header = new Map<string, unknown>([[metadataKey, metadata]]);
  let end = 0;
  for (const { name, shape, values } of tensors) {
    if (header.has(name)) throw new Error(`safetensors: two tensors are named "${name}"`);
    if (product(shape) !== values.length) throw new Error(`safetensors: "${name}" does not fill its shape`);
    const start = end;
    end += values.length * bytesPerValue;
    header.set(name, { dtype: "F32", shape, data_offsets: [start, end] });
  }
  return Object.fromEntries(header);
}

/** @throws Error with one sentence when `bytes` are not such a file. */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const { header, data } = split(bytes);
  const { [metadataKey]: metadata = {}, ...described } = header;
  const entries = Object.entries(described);
  if (entries.length > maxTensors) throw fault(`it has more than ${maxTensors} tensors`);
  const places = entries.map(([name, entry]) => readPlace(name, entry));
  checkNoGap(places, data.length);
  const tensors = places.map(({ name, shape, start, end }) => ({
    name,
    shape,
    values: floats(data.subarray(start, end)),
  }));
  return { tensors, metadata: readMetadata(metadata) };
}

function split(bytes: Uint8Array): { header: Readonly<Record<string, unknown>>; data: Uint8Array } {
  if (bytes.length < lengthBytes) throw fault("it is shorter than 8 bytes");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > maxHeaderBytes) throw fault(`its header has more than ${maxHeaderBytes} bytes`);
  const end = lengthBytes + Number(length);
  if (end > bytes.length) throw fault("it ends within its header");
  const header = parseHeader(bytes.subarray(lengthBytes, end));
  if (!isRecord(header)) throw fault("its header is not a JSON object");
  return { header, data: bytes.subarray(end) };
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw fault("its header is not JSON");
  }
}

function readMetadata(entry: unknown): TensorFile["metadata"] {
  if (!isRecord(entry)) throw fault("its metadata are not an object");
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== "string") throw fault(`its metadata "${key}" is not a text`);
    texts[key] = value;
  }
  return texts;
}

/** Where a tensor's values are, in bytes from the first value of the file. */
interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readPlace(name: string, entry: unknown): Place {
  if (!isRecord(entry)) throw fault(`tensor "${name}" is not described`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== "F32") throw fault(`tensor "${name}" is not of 32-bit floats (F32)`);
  if (!isListOfWhole(shape) || shape.length > maxDimensions) throw fault(`tensor "${name}" has no shape`);
  if (!isListOfWhole(offsets) || offsets.length !== 2) throw fault(`tensor "${name}" has no offsets`);
  const [start = 0, end = 0] = offsets;
  if (product(shape) * bytesPerValue !== end - start)
    throw fault(`tensor "${name}" has another size than its shape`);
  return { name, shape, start, end };
}

/** The format allows neither holes nor overlaps: nothing may hide in a file. */
function checkNoGap(places: readonly Place[], size: number): void {
  let end = 0;
  for (const place of places.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (place.start !== end) throw fault(`tensor "${place.name}" does not begin where another ends`);
    end = place.end;
  }
  if (end !== size) throw fault("its tensors do not fill it");
}

function floats(bytes: Uint8Array): Float32Array {
  // Not slice(): of a Buffer of Node it is no copy, and does not begin at a multiple of four.
  if (isLittleEndian) return new Float32Array(new Uint8Array(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / bytesPerValue }, (_, i) =>
    view.getFloat32(i * bytesPerValue, true),
  );
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfWhole(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function fault(why: string): Error {
  return new Error(`this is not a safetensors file that Shoal reads: ${why}`);
}
