/** The panel's end of its worker: calls that always settle. */
import type { TryAnswer, TryCalls, TryMethod } from "./try-messages.ts";

export interface ModelWorker {
  call<Method extends TryMethod>(
    method: Method,
    input: TryCalls[Method]["input"],
  ): Promise<TryCalls[Method]["output"]>;
  close(): void;
}

/** Loading tfjs and a model on a slow phone, with a margin. */
const answerMs = 30_000;

export function createModelWorker(): ModelWorker {
  const worker = new Worker("/try-worker.js", { type: "module", name: "try the model" });
  const waiting = new Map<number, (answer: TryAnswer) => void>();
  let calls = 0;

  function failAll(reason: string): void {
    for (const [call, settle] of waiting) settle({ call, ok: false, reason });
    waiting.clear();
  }

  worker.addEventListener("message", ({ data }: MessageEvent<TryAnswer>) => {
    waiting.get(data.call)?.(data);
    waiting.delete(data.call);
  });
  worker.addEventListener("error", (event) => failAll(event.message || "its worker did not start"));

  return {
    call<Method extends TryMethod>(method: Method, input: TryCalls[Method]["input"]) {
      const call = (calls += 1);
      return new Promise<TryCalls[Method]["output"]>((resolve, reject) => {
        const timer = setTimeout(() => failAll("its worker does not answer"), answerMs);
        waiting.set(call, (answer) => {
          clearTimeout(timer);
          if (answer.ok) resolve(answer.output);
          else reject(new Error(answer.reason));
        });
        worker.postMessage({ call, method, input }, []);
      });
    },
    close() {
      worker.terminate();
      failAll("it was closed");
    },
  };
}
