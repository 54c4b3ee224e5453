/** The panel's end of its worker: calls that always settle; a worker that fails is closed. */
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

/** `onBroken`: it has crashed or does not answer any more, and will not come back. */
export function createModelWorker(onBroken: () => void): ModelWorker {
  const worker = new Worker("/try-worker.js", { type: "module", name: "try the model" });
  const waiting = new Map<number, (answer: TryAnswer) => void>();
  let calls = 0;
  let isOver = false;

  function failAll(reason: string): void {
    for (const [call, settle] of waiting) settle({ call, ok: false, reason });
    waiting.clear();
  }

  worker.addEventListener("message", ({ data }: MessageEvent<TryAnswer>) => {
    waiting.get(data.call)?.(data);
    waiting.delete(data.call);
  });
  function breakDown(reason: string): void {
    if (isOver) return;
    close(reason);
    onBroken();
  }

  function close(reason: string): void {
    isOver = true;
    worker.terminate();
    failAll(reason);
  }

  worker.addEventListener("error", (event) => {
    // Ours to tell, in the panel's words; else the browser prints it too.
    event.preventDefault();
    breakDown(event.message || "its worker did not start");
  });
  worker.addEventListener("messageerror", () => breakDown("a message of its worker could not be read"));

  return {
    call<Method extends TryMethod>(method: Method, input: TryCalls[Method]["input"]) {
      const call = (calls += 1);
      return new Promise<TryCalls[Method]["output"]>((resolve, reject) => {
        const timer = setTimeout(() => breakDown("its worker does not answer"), answerMs);
        waiting.set(call, (answer) => {
          clearTimeout(timer);
          if (answer.ok) resolve(answer.output);
          else reject(new Error(answer.reason));
        });
        worker.postMessage({ call, method, input }, []);
      });
    },
    close: () => close("it was closed"),
  };
}
