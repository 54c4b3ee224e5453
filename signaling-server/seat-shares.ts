/**
 * How many of a room's seats one address may have: every member owns an equal part of the model, and one
 * machine must not own most of a full room. In one of few members it can: people behind one address come together,
 * and are not to be turned away because others have not come yet. This machine's own programs are not counted: they
 * run beside the server.
 */
export interface SeatShares {
  /** Undefined: not one more for this address. Otherwise what to call when the seat is free again. */
  take(room: string, address: string): (() => void) | undefined;
}

/** @param most seats of one room */
export function createSeatShares(most: number, isExempt: (address: string) => boolean): SeatShares {
  /** By "room address"; only those who have any. */
  const taken = new Map<string, number>();

  return {
    take(room, address) {
      if (isExempt(address)) return () => undefined;
      const key = `${room} ${address}`;
      const before = taken.get(key) ?? 0;
      if (before >= most) return undefined;
      taken.set(key, before + 1);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        const left = (taken.get(key) ?? 1) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      };
    },
  };
}
