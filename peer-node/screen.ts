/**
 * A terminal screen that is drawn again and again: in the terminal's second buffer, one write per frame, at
 * most four frames a second. However the process ends, the terminal comes back as it was, unless it was stopped
 * (Ctrl-S): nobody waits for that (steady-output.ts).
 */
import { stripVTControlCharacters } from "node:util";
import { steadyOutput } from "./steady-output.ts";
import { cut } from "./table.ts";

const frameMs = 250;

const enter = "\x1b[?1049h\x1b[?25l";
export const leaveScreen = "\x1b[?25h\x1b[?1049l";
/** Terminals that know it show a frame only when it is whole; others ignore it. */
const beginFrame = "\x1b[?2026h\x1b[H";
const endFrame = "\x1b[J\x1b[?2026l";
const clearRight = "\x1b[K";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Screen {
  /** Draws now, not at the next frame. */
  draw(): void;
  /** Gives the terminal back, with the last frame left on it. */
  close(): void;
}

export function createScreen(
  out: NodeJS.WriteStream & { readonly fd: number },
  linesOf: (size: Size) => readonly string[],
): Screen {
  const steady = steadyOutput(out);
  let isOpen = true;
  const timer = setInterval(draw, frameMs);

  const size = (): Size => ({ columns: out.columns || 80, rows: out.rows || 24 });

  function frame(): string[] {
    const { columns, rows } = size();
    return linesOf({ columns, rows })
      .slice(0, rows)
      .map((line) => fit(line, columns));
  }

  function draw(): void {
    if (isOpen && !steady.isStopped)
      steady.write(beginFrame + frame().join(`${clearRight}\r\n`) + clearRight + endFrame);
  }

  /** At once, because nothing else is written any more once the process exits. */
  function restore(): void {
    if (!isOpen) return;
    isOpen = false;
    steady.write(leaveScreen);
    steady.finish();
  }

  steady.write(enter);
  out.on("resize", draw);
  process.on("exit", restore);
  draw();

  return {
    draw,
    close() {
      // It stays, so nothing of it is cut: what is too long wraps, what is too high scrolls.
      const last = linesOf(size());
      clearInterval(timer);
      out.off("resize", draw);
      process.off("exit", restore);
      restore();
      steady.write(`${last.join("\n")}\n`);
      steady.finish();
    },
  };
}

/** Long lines are cut; one that is cut loses its colours, so that none can leak into the next. */
function fit(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : cut(plain, columns);
}

export function isTerminal(out: NodeJS.WriteStream): boolean {
  return out.isTTY && process.env["TERM"] !== "dumb";
}
