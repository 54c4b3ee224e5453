/** What is loaded into a process before its own code. */
const folder = new URL("preloads/", import.meta.url);

/** Seconds: how wrong its wall clock is, and how often it jumps to the opposite. */
export function shiftedClock(shift: number, jumps?: number): NodeJS.ProcessEnv {
  return {
    ...preloading("shifted-clock.js"),
    SHOAL_CLOCK_SHIFT: String(shift),
    ...(jumps === undefined ? {} : { SHOAL_CLOCK_JUMPS: String(jumps) }),
  };
}

/** Says in `file` what it holds. */
export function tellingHeld(file: string): NodeJS.ProcessEnv {
  return { ...preloading("held.js"), SHOAL_HELD: file };
}

function preloading(name: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${new URL(name, folder).href}` };
}
