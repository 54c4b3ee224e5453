/** For peers that another process started: when it is gone, however it went, so are they. */
import { exitCodes } from "./exit-codes.ts";

const gone = () => process.exit(exitCodes.stoppedNow);

/** The parent holds the other end of standard input. Returns what stops watching it. */
export function endWithParent(): () => void {
  process.stdin.on("end", gone).on("error", gone).resume();
  return () => {
    process.stdin.off("end", gone).off("error", gone).destroy();
  };
}
