/** Drops by cause: what each word means, how many, as a share of all fragments owed. */
import { dropCauses } from "../../shared/core/drops.ts";
import type { DropCause } from "../../shared/core/drops.ts";
import type { RoomStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "./element.ts";
import { compact, percent } from "./format.ts";

const meanings: Readonly<Record<DropCause, string>> = {
  lost: "never arrived",
  late: "arrived after its deadline",
  stale: "for a round that its receiver took no part in",
  unsent: "held back by its sender, or its sender was gone",
  rejected: "malformed or not owed",
};

export function createDropsList(): (room: RoomStatus) => void {
  const list = byId("drops");
  const rows = dropCauses.map((cause) => {
    const bar = element("meter", { min: "0", max: "1", "aria-label": cause });
    const figure = element("dd", { class: "count" });
    list.append(element("dt", { title: meanings[cause] }, cause), element("dd", {}, bar), figure);
    return { cause, bar, figure };
  });

  return ({ drops, received }) => {
    const all = dropCauses.reduce((sum, cause) => sum + drops[cause], received);
    const most = Math.max(1, ...dropCauses.map((cause) => drops[cause]));
    for (const { cause, bar, figure } of rows) {
      bar.value = drops[cause] / most;
      const share = all === 0 ? "" : ` (${percent(drops[cause] / all)})`;
      setText(figure, `${compact(drops[cause])}${drops[cause] === 0 ? "" : share}`);
    }
  };
}
