/**
 * Lets so many in at a time, and so many of each name; so many more may wait, in the order of their coming.
 * Who is at his own limit does not keep others waiting.
 */
export interface Turnstile {
  /**
   * Resolves when it is one's turn, with what to call at the end; with undefined when too many wait, and as
   * soon as `gone` is aborted before one's turn has come.
   */
  enter(who: string, gone: AbortSignal): Promise<Leave | undefined>;
}

export type Leave = () => void;

export interface TurnstileLimits {
  readonly inside: number;
  readonly insideEach: number;
  readonly waiting: number;
  readonly waitingEach: number;
}

interface Waiting {
  readonly who: string;
  readonly admit: () => void;
}

export function createTurnstile(limits: TurnstileLimits): Turnstile {
  const inside = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let count = 0;

  const countOf = (who: string) => inside.get(who) ?? 0;
  const hasRoom = (who: string) => count < limits.inside && countOf(who) < limits.insideEach;

  function mayWait(who: string): boolean {
    const own = [...waiting].filter((one) => one.who === who).length;
    return waiting.size < limits.waiting && own < limits.waitingEach;
  }

  function letIn(who: string): Leave {
    count += 1;
    inside.set(who, countOf(who) + 1);
    let isIn = true;
    return () => {
      if (isIn) letOut(who);
      isIn = false;
    };
  }

  function letOut(who: string): void {
    count -= 1;
    if (countOf(who) === 1) inside.delete(who);
    else inside.set(who, countOf(who) - 1);
    for (const one of waiting) {
      if (!hasRoom(one.who)) continue;
      waiting.delete(one);
      return one.admit();
    }
  }

  return {
    enter: (who, gone) =>
      new Promise((resolve) => {
        if (gone.aborted) return resolve(undefined);
        if (hasRoom(who)) return resolve(letIn(who));
        if (!mayWait(who)) return resolve(undefined);
        const giveUp = () => {
          waiting.delete(one);
          resolve(undefined);
        };
        const one: Waiting = {
          who,
          admit() {
            gone.removeEventListener("abort", giveUp);
            resolve(letIn(who));
          },
        };
        waiting.add(one);
        gone.addEventListener("abort", giveUp, { once: true });
      }),
  };
}
