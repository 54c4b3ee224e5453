/** Pauses a run while the battery is nearly empty. What a person says about pausing counts more than that. */

export interface BatteryPause {
  battery(isLow: boolean): void;
  /** A run begins, and nobody has paused it. */
  begin(): void;
  /** The person pressed Pause or Resume. */
  pressed(isPaused: boolean): void;
  end(): void;
}

export function createBatteryPause(run: {
  pause(): void;
  resume(): void;
  notice(text: string): void;
}): BatteryPause {
  let isLow = false;
  let state: "no run" | "running" | "paused by the person" | "paused by us" = "no run";

  function apply(): void {
    if (isLow && state === "running") {
      state = "paused by us";
      run.pause();
      run.notice("Paused: the battery is below 20 %. It resumes when it charges, or when you press Resume.");
    } else if (!isLow && state === "paused by us") {
      state = "running";
      run.resume();
      run.notice("Resumed: the battery charges.");
    }
  }

  return {
    battery(isNowLow) {
      isLow = isNowLow;
      apply();
    },
    begin() {
      state = "running";
      apply();
    },
    pressed(isPaused) {
      state = isPaused ? "paused by the person" : "running";
    },
    end() {
      state = "no run";
    },
  };
}
