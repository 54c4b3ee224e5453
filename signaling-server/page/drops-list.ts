/**
 * Drops by cause: what each word means, how many, as a share of all fragments owed. The shares add up to the
 * one that the panel states (dropShare in shared/core/drops.ts).
 */
import { dropCauses } from "../../shared/core/drops.ts";
import type { DropCause, Drops } from "../../shared/core/drops.ts";
import { element, setText } from "../../shared/page/element.ts";
import { compact, percent } from "../../shared/page/format.ts";

const meanings: Readonly<Record<DropCause, string>> = {
  lost: "never arrived",
  late: "arrived after its deadline",
  stale: "besides: for a round that its receiver took no part in, so that nothing was owed",
  unsent: "held back by its sender, or its sender was gone",
  rejected: "malformed or not owed",
};

export function createDropsList(list: HTMLElement): (drops: Readonly<Drops>, received: number) => void {
  const rows = dropCauses.map((cause) => {
    const bar = element("meter", { min: "0", max: "1", "aria-label": cause });
    const figure = element("dd", { class: "count" });
    const meaning = element("small", { class: "quiet" }, meanings[cause]);
    list.append(element("dt", {}, cause), figure, element("dd", { class: "bar" }, bar, meaning));
    return { cause, bar, figure };
  });

  return (drops, received) => {
    const owed = dropCauses.filter(isOwed).reduce((sum, cause) => sum + drops[cause], received);
    const most = Math.max(1, ...dropCauses.map((cause) => drops[cause]));
    for (const { cause, bar, figure } of rows) {
      const share = drops[cause] / most;
      if (bar.value !== share) bar.value = share;
      const part = drops[cause] === 0 || !isOwed(cause) ? "" : ` (${percent(drops[cause] / owed)})`;
      setText(figure, `${compact(drops[cause])}${part}`);
    }
  };
}

const isOwed = (cause: DropCause) => cause !== "stale";
