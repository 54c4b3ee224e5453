/**
 * A `Trainer` in another thread, without saying which kind of thread: peer-node/backends/open-backend.ts puts
 * `worker_threads` underneath, a tab a Web Worker. Both ends are here, so that they cannot drift apart.
 * No call stays pending for ever: when the thread is gone, every call rejects with the reason.
 */
import type { LocalResult, LocalWork, Trainer } from "./trainer.ts";

export type TrainerRequest =
  | { readonly call: number; readonly method: "initialParameters" }
  | {
      readonly call: number;
      readonly method: "train";
      readonly parameters: Float32Array;
      readonly work: LocalWork;
    };

export type TrainerReply =
  | ({ readonly kind: "ready" } & Pick<Trainer, "parameterCount" | "backend" | "validationSamples">)
  /** The trainer could not be made. */
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "parameters"; readonly call: number; readonly parameters: Float32Array }
  | { readonly kind: "result"; readonly call: number; readonly result: LocalResult }
  | { readonly kind: "failed"; readonly call: number; readonly reason: string };

export interface TrainerThread {
  post(request: TrainerRequest, transfer: ArrayBuffer[]): void;
  stop(): Promise<void>;
}

export interface RemoteTrainer {
  /** Settles when the thread has made its trainer, or could not. */
  readonly trainer: Promise<Trainer>;
  receive(reply: TrainerReply): void;
  /** The thread is gone: whatever is pending, and whatever is asked from now on, rejects with this. */
  gone(reason: string): void;
}

interface Pending {
  resolve(reply: TrainerReply): void;
  reject(error: Error): void;
}

export function createRemoteTrainer(thread: TrainerThread): RemoteTrainer {
  const pending = new Map<number, Pending>();
  let nextCall = 1;
  let end: string | undefined;
  /** The thread's first word is awaited like the answer to a call. */
  const readyCall = 0;

  function answer(call: number, send: () => void): Promise<TrainerReply> {
    return new Promise((resolve, reject) => {
      if (end !== undefined) throw trainerError(end);
      send();
      pending.set(call, { resolve, reject });
    });
  }

  function settle(call: number): Pending | undefined {
    const waiting = pending.get(call);
    pending.delete(call);
    return waiting;
  }

  function gone(reason: string): void {
    end ??= reason;
    for (const waiting of pending.values()) waiting.reject(trainerError(end));
    pending.clear();
  }

  async function initialParameters(): Promise<Float32Array> {
    const call = nextCall++;
    const reply = await answer(call, () => thread.post({ call, method: "initialParameters" }, []));
    if (reply.kind !== "parameters") throw misunderstood(reply);
    return reply.parameters;
  }

  async function train(parameters: Float32Array, work: LocalWork): Promise<LocalResult> {
    const call = nextCall++;
    // A copy: transferring the caller's own array would empty it under his hands.
    const copy = parameters.slice();
    const reply = await answer(call, () =>
      thread.post({ call, method: "train", parameters: copy, work }, [copy.buffer]),
    );
    if (reply.kind !== "result") throw misunderstood(reply);
    return reply.result;
  }

  async function close(): Promise<void> {
    gone("it was closed");
    await thread.stop();
  }

  return {
    trainer: answer(readyCall, () => {}).then((reply) => {
      if (reply.kind !== "ready") throw misunderstood(reply);
      const { parameterCount, backend, validationSamples } = reply;
      return { parameterCount, backend, validationSamples, initialParameters, train, close };
    }),
    receive(reply) {
      if (reply.kind === "ready") settle(readyCall)?.resolve(reply);
      else if (reply.kind === "broken") settle(readyCall)?.reject(trainerError(reply.reason));
      else if (reply.kind === "failed") settle(reply.call)?.reject(trainerError(reply.reason));
      else settle(reply.call)?.resolve(reply);
    },
    gone,
  };
}

export type Answer = (reply: TrainerReply, transfer: ArrayBuffer[]) => void;

/** The thread's side. Returns what takes its requests; they are done one after the other. */
export function serveTrainer(making: Promise<Trainer>, answer: Answer): (request: TrainerRequest) => void {
  let last: Promise<void> = making.then(
    ({ parameterCount, backend, validationSamples }) =>
      answer({ kind: "ready", parameterCount, backend, validationSamples }, []),
    (error: unknown) => answer({ kind: "broken", reason: sentence(error) }, []),
  );

  async function serve(request: TrainerRequest): Promise<void> {
    const { call } = request;
    try {
      const trainer = await making;
      if (request.method === "initialParameters") {
        const parameters = await trainer.initialParameters();
        answer({ kind: "parameters", call, parameters }, [bufferOf(parameters)]);
      } else {
        const result = await trainer.train(request.parameters, request.work);
        answer({ kind: "result", call, result }, [bufferOf(result.parameters)]);
      }
    } catch (error) {
      answer({ kind: "failed", call, reason: sentence(error) }, []);
    }
  }

  return (request) => {
    last = last.then(() => serve(request));
  };
}

function bufferOf(values: Float32Array): ArrayBuffer {
  if (values.buffer instanceof ArrayBuffer) return values.buffer;
  throw new Error("shared memory cannot be transferred");
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function trainerError(reason: string): Error {
  return new Error(`training thread: ${reason}`);
}

function misunderstood(reply: TrainerReply): Error {
  return trainerError(`"${reply.kind}" is not the answer to this call`);
}
