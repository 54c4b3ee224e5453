/** What every way to feed a model has in common; one for each kind of data (try.ts). */
import type { ModelWorker } from "./model-worker.ts";
import type { LoadedModel } from "./try-messages.ts";

export interface TryInputOptions {
  readonly model: LoadedModel;
  readonly worker: Pick<ModelWorker, "call">;
}

export interface TryInput {
  readonly element: HTMLElement;
  /** A newer one is loaded: what is there now is asked again. */
  modelChanged(): void;
  close(): void;
}
