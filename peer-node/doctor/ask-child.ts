/**
 * A question to a process of its own, because its answer may never come and no thread can be ended while it
 * is in native code: a driver that hangs, a read from a network drive that is gone. At the limit the process
 * is killed, and its end is not waited for: in the kernel even that may take for ever. Both ends are here.
 */
import { fork } from "node:child_process";
import { within } from "../../shared/training/time-limit.ts";
import { realClock } from "../real-clock.ts";

export interface Question {
  /** What the process runs; it calls `answerParent`. */
  readonly file: URL;
  readonly args: readonly string[];
  /** Beside what this process has. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** The reason when there is no answer by then. */
  readonly late: string;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly reason: string };

/** @throws Error with the reason when there is no answer. */
export async function askChild<Answer>(question: Question): Promise<Answer> {
  const { file, args, environment, limitMs, late } = question;
  // Drivers talk to the terminal.
  const child = fork(file, [...args], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, ...environment },
  });
  const replying = new Promise<Reply<Answer>>((resolve, reject) => {
    child.once("message", resolve);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`its process ended (${signal ?? code})`)));
  });
  try {
    const reply = await within(realClock, limitMs, late, replying);
    if ("reason" in reply) throw new Error(reply.reason);
    return reply.answer;
  } finally {
    child.kill("SIGKILL");
    child.unref();
    if (child.connected) child.disconnect();
  }
}

/** The other end: whatever `work` left running ends with the answer, and with the parent. */
export async function answerParent(work: () => Promise<unknown>): Promise<void> {
  process.once("disconnect", () => process.exit());
  process.send?.(await replyOf(work));
}

async function replyOf(work: () => Promise<unknown>): Promise<Reply<unknown>> {
  try {
    return { answer: await work() };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
