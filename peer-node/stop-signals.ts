/**
 * Ctrl-C: once asks to finish, twice stops now. SIGTERM and SIGHUP ask too, but nobody is there to ask
 * twice: when finishing takes too long, the process ends all the same.
 */
import { exitCodes } from "./exit-codes.ts";

const patienceMs = 10_000;

export interface StopHandlers {
  /** Once. */
  readonly onStop: () => void;
  /** Right before the process exits at once. */
  readonly onStopNow?: () => void;
}

/** Returns what restores the default behaviour. */
export function listenForStop({ onStop, onStopNow }: StopHandlers): () => void {
  let isStopping = false;
  let deadline: NodeJS.Timeout | undefined;

  function stopNow(): never {
    onStopNow?.();
    process.exit(exitCodes.stoppedNow);
  }
  function onInterrupt(): void {
    if (isStopping) stopNow();
    isStopping = true;
    onStop();
  }
  function onTerminate(): void {
    deadline ??= setTimeout(stopNow, patienceMs).unref();
    if (isStopping) return;
    isStopping = true;
    onStop();
  }

  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  process.on("SIGHUP", onTerminate);
  return () => {
    clearTimeout(deadline);
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
    process.off("SIGHUP", onTerminate);
  };
}
