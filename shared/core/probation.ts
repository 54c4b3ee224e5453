/** A newcomer could bring its lies with a new name each time, so it counts little until it has been here a while. */
import { probationRounds } from "./conduct.ts";
import type { Neighbor } from "./neighbor.ts";
import { fragmentLength, rowOf } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

/** Draws what newcomers contributed to owned fragment `index` towards our own values, the newer the more. */
export function temperNewcomers(
  slot: RoundSlot,
  shape: SlotShape,
  index: number,
  neighborAt: (slot: RoundSlot, seat: number) => Neighbor | undefined,
): void {
  const { members, present, values } = slot.contributions;
  const length = fragmentLength(shape, slot.owned.first + index);
  const own = rowOf(slot, shape, index, slot.seat);
  for (let seat = 0; seat < members; seat++) {
    if (seat === slot.seat || present[index * members + seat] !== 1) continue;
    const share = (neighborAt(slot, seat)?.counts.conduct.cleanRounds ?? 0) / probationRounds;
    if (share >= 1) continue;
    const row = rowOf(slot, shape, index, seat);
    for (let i = 0; i < length; i++) {
      const mine = values[own + i] ?? 0;
      values[row + i] = mine + share * ((values[row + i] ?? 0) - mine);
    }
  }
}
