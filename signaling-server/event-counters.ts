/** Socket events by name and outcome. Names are fixed: a stranger's own all count as "unknown". */
export interface EventCounters {
  count(name: string, outcome: "accepted" | "refused"): void;
  read(): Record<string, { readonly accepted: number; readonly refused: number }>;
}

export const unknownEvent = "unknown";

export function createEventCounters(names: readonly string[]): EventCounters {
  const counts = new Map([...names, unknownEvent].map((name) => [name, { accepted: 0, refused: 0 }]));
  return {
    count(name, outcome) {
      const found = counts.get(name) ?? counts.get(unknownEvent);
      if (found) found[outcome] += 1;
    },
    read: () => Object.fromEntries([...counts].map(([name, count]) => [name, { ...count }])),
  };
}
