/**
 * An operation of ours: composed of tfjs's on every backend, unless the backend has a kernel of the same
 * name (shared/training/kernels has them for wasm). Its gradient is itself made of operations.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";

export interface Operation<Input extends string, Attributes extends object> {
  /** Unique among tfjs's kernels. */
  readonly name: string;
  readonly compose: (inputs: Readonly<Record<Input, Tensor>>, attributes: Attributes) => Tensor[];
  readonly gradient?: OperationGradient<Input, Attributes>;
}

interface OperationGradient<Input extends string, Attributes extends object> {
  readonly saveInputs: readonly Input[];
  /** For every result; the gradient gets them after the inputs. */
  readonly saveOutputs?: readonly boolean[];
  /**
   * The gradient of each input, computed when asked for and in the order in which the operation was given
   * them. May dispose `dy` and `saved` with the last: nobody needs them after it, and a training step's peak
   * of memory is there.
   */
  readonly of: (dy: Tensor, saved: readonly Tensor[], attributes: Attributes) => Record<Input, () => Tensor>;
}

/**
 * The first result of an operation whose others are for its gradient only. They are hidden from the engine,
 * which would make gradients full of zeros for them. All inputs of floats must be learned.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
export function runHidden<Input extends string, Attributes extends object, Result extends Tensor>(
  operation: Operation<Input, Attributes>,
  inputs: Readonly<Record<Input, Tensor>>,
  attributes: Attributes,
): Result {
  const { gradient } = operation;
  if (!gradient) throw new Error(`${operation.name} has no gradient`);
  const learned = namesOf(inputs).filter((name) => inputs[name].dtype === "float32");
  const differentiated = tf.customGrad((...given) => {
    const save = given.at(-1);
    const results = run(operation, inputs, attributes);
    const outputs = results.filter((_, index) => gradient.saveOutputs?.[index]);
    if (typeof save === "function") save([...gradient.saveInputs.map((name) => inputs[name]), ...outputs]);
    return {
      value: at(results, 0),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const of = gradient.of(dy, saved, attributes);
        return learned.map((name) => of[name]());
      },
    };
  });
  return resultAt([differentiated(...learned.map((name) => inputs[name]))], 0);
}

function namesOf<Name extends string>(inputs: Readonly<Record<Name, unknown>>): Name[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets what they are
  return Object.keys(inputs) as Name[];
}

/** All results; their gradients flow through the first one only. */
export function run<Input extends string, Attributes extends object>(
  operation: Operation<Input, Attributes>,
  inputs: Readonly<Record<Input, Tensor>>,
  attributes: Attributes,
): Tensor[] {
  install(operation);
  const attrs: object = { ...attributes };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine only hands them on
  return tf.engine().runKernel<Tensor[]>(operation.name, { ...inputs }, attrs as NamedAttrMap);
}

/** The result of an operation that has one, of the rank that the caller knows it to have. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the caller knows
export function runOne<Input extends string, Attributes extends object, Result extends Tensor = Tensor>(
  operation: Operation<Input, Attributes>,
  inputs: Readonly<Record<Input, Tensor>>,
  attributes: Attributes,
): Result {
  return resultAt(run(operation, inputs, attributes), 0);
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
export function resultAt<Result extends Tensor>(results: readonly Tensor[], index: number): Result {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine keeps no types of ranks
  return at(results, index) as Result;
}

/** Each backend and the table of gradients learn of it when it is first used there. */
function install<Input extends string, Attributes extends object>(
  operation: Operation<Input, Attributes>,
): void {
  const { name, compose, gradient } = operation;
  if (!tf.getKernel(name, tf.getBackend())) {
    tf.registerKernel({
      kernelName: name,
      backendName: tf.getBackend(),
      kernelFunc: ({ inputs, attrs }) =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine hands on what run() gave it
        tf.tidy(() => compose(inputs as Record<Input, Tensor>, attrs as Attributes)),
    });
  }
  if (!gradient || tf.getGradient(name)) return;
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...gradient.saveInputs],
    outputsToSave: [...(gradient.saveOutputs ?? [])],
    gradFunc: (dy, saved, attrs) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      gradient.of(Array.isArray(dy) ? at(dy, 0) : dy, saved, attrs as unknown as Attributes),
  });
}

/** For gradients that one kernel computes together: what `of` returns when it has computed them. */
export function gradients<Input extends string>(
  names: readonly Input[],
  results: readonly Tensor[],
): Record<Input, () => Tensor> {
  const entries = names.map((name, index) => [name, () => at(results, index)] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.fromEntries forgets the names
  return Object.fromEntries(entries) as Record<Input, () => Tensor>;
}

export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no number ${index} among ${list.length}`);
  return item;
}

/** Frees activations and gradients that were needed for the last time. */
export function release(...tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}
