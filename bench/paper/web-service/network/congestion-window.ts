/** How much a TCP sender dares to have under way, in packets: NewReno, and DCTCP's answer to marks. */
export interface CongestionWindow {
  packets(): number;
  isRecovering(): boolean;
  /** `acked` packets were acknowledged for the first time; `missing` is the first that is not. */
  onAcknowledged(acked: number, missing: number): void;
  onDuplicate(): void;
  /** Three duplicates: recovery lasts until everything below `until` is acknowledged. */
  startRecovery(inFlight: number, until: number): void;
  onTimeout(inFlight: number): void;
  /** One packet's mark or its absence; `sentUpTo` is the first packet that has not been sent. */
  onEcho(isMarked: boolean, missing: number, sentUpTo: number): void;
}

/** RFC 8257's g. */
const markGain = 1 / 16;

export function createCongestionWindow(initial: number): CongestionWindow {
  let window = initial;
  let threshold = Infinity;
  let recoverUntil: number | undefined;
  let markedShare = 1;
  let [marked, echoes, roundEnd, cutEnd] = [0, 0, 0, 0];

  function onAcknowledged(acked: number, missing: number): void {
    if (recoverUntil === undefined) {
      window += window < threshold ? 1 : 1 / window;
    } else if (missing >= recoverUntil) {
      window = threshold;
      recoverUntil = undefined;
    } else {
      window = Math.max(window - acked + 1, 1);
    }
  }

  function startRecovery(inFlight: number, until: number): void {
    threshold = Math.max(inFlight / 2, 2);
    window = threshold + 3;
    recoverUntil = until;
  }

  function onTimeout(inFlight: number): void {
    threshold = Math.max(inFlight / 2, 2);
    window = 1;
    recoverUntil = undefined;
  }

  function onEcho(isMarked: boolean, missing: number, sentUpTo: number): void {
    echoes++;
    if (isMarked) marked++;
    if (missing >= roundEnd) {
      markedShare += markGain * (marked / echoes - markedShare);
      [marked, echoes, roundEnd] = [0, 0, sentUpTo];
    }
    // Once a round trip.
    if (!isMarked || missing < cutEnd || recoverUntil !== undefined) return;
    window = Math.max(window * (1 - markedShare / 2), 2);
    threshold = window;
    cutEnd = sentUpTo;
  }

  return {
    packets: () => Math.floor(window),
    isRecovering: () => recoverUntil !== undefined,
    onAcknowledged,
    onDuplicate: () => void (window += 1),
    startRecovery,
    onTimeout,
    onEcho,
  };
}
