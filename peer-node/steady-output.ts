/**
 * Writes to a terminal without ever waiting for it. Node itself waits, on the main thread: a terminal that was
 * stopped (Ctrl-S), or that a dead connection has left behind, would take the peer out of its room, and a
 * server from everybody. What it has no room for waits a little, and is left out when it gets too much.
 */
import { constants, openSync, writeSync } from "node:fs";
import { codeOf } from "./checkpoints/file-faults.ts";

export interface SteadyOutput {
  /** Something waits: whoever draws anyway can leave this one out. */
  readonly isStopped: boolean;
  write(text: string): void;
  /** For last words: waits for the terminal, but not for long. */
  finish(): void;
}

const retryMs = 250;
const maxWaitingBytes = 65_536;
const lastWordsMs = 200;

/** What a stream's lines go to: a terminal is never waited for, anything else as ever. */
export function steadyLines(out: NodeJS.WriteStream & { readonly fd: number }): Pick<SteadyOutput, "write"> {
  return out.isTTY ? steadyOutput(out) : { write: (text) => void out.write(text) };
}

export function steadyOutput(terminal: NodeJS.WriteStream & { readonly fd: number }): SteadyOutput {
  const fd = openWithoutWaiting(terminal.fd);
  if (fd === undefined) return { isStopped: false, write: (text) => void terminal.write(text), finish() {} };
  return createSteadyOutput((bytes) => writeSync(fd, bytes));
}

/** @param put writes as much as there is room for, or throws EAGAIN */
function createSteadyOutput(put: (bytes: Uint8Array) => number): SteadyOutput {
  let waiting: Buffer = Buffer.alloc(0);
  let retry: NodeJS.Timeout | undefined;

  function flush(): void {
    try {
      while (waiting.length > 0) waiting = waiting.subarray(put(waiting));
    } catch (error) {
      // A terminal that is gone gets nothing any more.
      if (codeOf(error) !== "EAGAIN") waiting = Buffer.alloc(0);
    }
    if (waiting.length > 0) retry ??= setTimeout(again, retryMs).unref();
  }

  function again(): void {
    retry = undefined;
    flush();
  }

  function finish(): void {
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    flush();
    for (let ms = 0; waiting.length > 0 && ms < lastWordsMs; ms += 10) {
      Atomics.wait(nobody, 0, 0, 10);
      flush();
    }
    clearTimeout(retry);
  }
  process.on("exit", finish);

  return {
    get isStopped() {
      return waiting.length > 0;
    },
    write(text) {
      if (waiting.length > maxWaitingBytes) return;
      waiting = Buffer.concat([waiting, Buffer.from(text)]);
      flush();
    },
    finish,
  };
}

/** The terminal once more: what is set for this opening holds for no other program's. */
function openWithoutWaiting(fd: number): number | undefined {
  if (process.platform === "win32") return undefined;
  for (const path of [`/proc/self/fd/${fd}`, "/dev/tty"]) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      // Not on this system, or another user's: the next one.
    }
  }
  return undefined;
}
