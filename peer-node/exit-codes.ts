/** How the `shoal` command ends: the numbers are documented (`shoal --help`) and do not change. */

export const exitCodes = {
  done: 0,
  usage: 2,
  unreachable: 3,
  refused: 4,
  trainer: 5,
  diverged: 6,
  stoppedNow: 130,
  lockedUp: 142,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.done, "done, or stopped because you asked"],
  [exitCodes.usage, "wrong use, or a task file that can't be read"],
  [exitCodes.unreachable, "the server can't be reached, or its port is taken; doctor: no way to peers"],
  [exitCodes.refused, "the server refused: no such room, room full, invite revoked, other version, run over"],
  [exitCodes.trainer, "training can't run here, or not in this memory"],
  [exitCodes.diverged, "training diverged"],
  [exitCodes.stoppedNow, "stopped at once: Ctrl-C twice, or finishing took too long"],
  [exitCodes.lockedUp, "the process was stuck for 30 s and ended itself (SIGALRM)"],
];

/** What a stuck process ends itself with, because a thread can't choose an exit code: 128 + 14 to a shell. */
export const lockUpSignal = "SIGALRM";

/** An end that the user can do something about: one sentence, `what (value): hint`, and an exit code. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, sentence: string) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

export function usageError(sentence: string): CommandError {
  return new CommandError(exitCodes.usage, sentence);
}
