/** What one neighbour says on its reliable channel: how much of it is heard, and when it has said too much. */
import { createTokenBucket } from "../core/token-bucket.ts";
import { parseControl } from "./control.ts";
import type { ControlMessage } from "./control.ts";

/** Texts that are no control messages. */
const maxNonsense = 32;
/** Rounds of 2 ms have a thousand a second; a long text counts as one for each of so many characters. */
const messagesPerSecond = 4_000;
const messageBurst = 16_000;
const charactersEach = 256;

export interface Talk {
  readonly nonsense: number;
  /** Never throws. @param close called with the reason when this was one too many */
  hear(text: string, nowMs: number, close: (reason: string) => void): ControlMessage | undefined;
}

export function createTalk(): Talk {
  const bucket = createTokenBucket(messagesPerSecond, messageBurst);
  let nonsense = 0;
  return {
    get nonsense() {
      return nonsense;
    },
    hear(text, nowMs, close) {
      // Before it is read: that is what costs.
      if (!bucket.take(nowMs, 1 + text.length / charactersEach)) {
        close("too many messages");
        return undefined;
      }
      const message = parseControl(text);
      if (message) return message;
      nonsense += 1;
      if (nonsense > maxNonsense) close("too many messages that make no sense");
      return undefined;
    },
  };
}
