/** What must not outlive the process that made it. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs once: when the process ends in whatever way but SIGKILL, or when the returned function is called. */
export function onExit(run: () => void): () => void {
  const interrupted = (signal: NodeJS.Signals) => {
    once();
    process.kill(process.pid, signal);
  };
  function once(): void {
    process.off("exit", once);
    for (const signal of endings) process.off(signal, interrupted);
    run();
  }
  process.on("exit", once);
  for (const signal of endings) process.on(signal, interrupted);
  return once;
}
