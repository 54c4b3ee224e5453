/** How fast a room goes: rounds per minute, from where its members were over the last minute. */
export interface RoomSpeed {
  /** About once a second; nobody trains: undefined. */
  note(round: number | undefined, nowMs: number): void;
  readonly roundsPerMinute: number;
}

const windowMs = 60_000;

export function createRoomSpeed(): RoomSpeed {
  let past: { readonly atMs: number; readonly round: number }[] = [];
  return {
    note(round, nowMs) {
      const [first] = past;
      // Another training, or none: what was before says nothing of it. (A middle goes back a little when somebody goes.)
      if (round === undefined || (first && round < first.round)) past = [];
      if (round === undefined) return;
      past = [...past.filter(({ atMs }) => atMs >= nowMs - windowMs), { atMs: nowMs, round }];
    },
    get roundsPerMinute() {
      const [first, last] = [past[0], past.at(-1)];
      if (!first || !last || last.atMs === first.atMs) return 0;
      return (windowMs * (last.round - first.round)) / (last.atMs - first.atMs);
    },
  };
}
