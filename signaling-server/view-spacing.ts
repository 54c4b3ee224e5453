/**
 * When a running training gets its next view. Each costs everybody in the room a message and a change of owners, so
 * where many come one after the other they share views. A member that has gone is waited for in every round until
 * the next view: that one is never put off.
 */

/** Changes within it share one view. */
export const viewCoalesceMs = 300;
/** So many views in quick succession, whatever for; then those that only add members come one each `spacingMs`, */
const quickViews = 4;
export const spacingMs = 4_000;
/** or when nobody has come for so long. */
export const quietMs = 1_000;

export interface ViewSpacing {
  /** Somebody has come or gone. @returns when the view is due that tells of it */
  changed(isSmaller: boolean, nowMs: number): number;
  /** There is nothing to tell any more. */
  forget(): void;
  made(nowMs: number): void;
}

export function createViewSpacing(): ViewSpacing {
  /** When all that were made are paid for. */
  let paidMs = -Infinity;
  let latestMs = Infinity;
  return {
    changed(isSmaller, nowMs) {
      const waitMs = isSmaller ? 0 : paidMs - (quickViews - 1) * spacingMs - nowMs;
      latestMs = Math.min(latestMs, nowMs + Math.max(viewCoalesceMs, waitMs));
      return Math.min(latestMs, nowMs + quietMs);
    },
    forget: () => void (latestMs = Infinity),
    made(nowMs) {
      latestMs = Infinity;
      paidMs = Math.min(Math.max(paidMs, nowMs) + spacingMs, nowMs + quickViews * spacingMs);
    },
  };
}
