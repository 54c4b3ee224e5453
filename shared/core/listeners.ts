/**
 * Who hears our averages without being a member. Each of them costs as much upload as a member does, so there are
 * few places, and who stays in one for ever must not keep newcomers out: when somebody waits, whoever was served
 * longest gives way, and waits in turn. Nobody has to ask twice.
 */
import { maxListeners } from "./constants.ts";
import type { Neighbor } from "./neighbor.ts";

/** A turn is over after so many rounds (of 1,000 fragments 4 are missing then, at 50 % loss) … */
const turnRounds = 8;
/** … and so long: by then the server has answered who was ready. */
const turnMs = 3_000;

export interface Listeners {
  /** False when all places are taken: then it waits for its turn, until it says that it does not listen. */
  ask(neighbor: Neighbor, wants: boolean): boolean;
  /** A round of ours begins, in which listeners are served. */
  beginRound(now: number): void;
}

/** @param isMember of the newest view: who is gets our averages anyway, or soon will, and needs no place */
export function createListeners(isMember: (peerId: string) => boolean): Listeners {
  /** All who asked, in the order of their turns. */
  let asking: readonly Neighbor[] = [];
  const strangers = () => asking.filter(({ peerId }) => !isMember(peerId));

  function ask(neighbor: Neighbor, wants: boolean): boolean {
    neighbor.asksToListen = wants;
    if (!wants) {
      neighbor.listening = false;
      asking = asking.filter((other) => other !== neighbor);
    } else if (!asking.includes(neighbor)) asking = [...asking, neighbor];
    allot();
    return neighbor.listening === wants;
  }

  function beginRound(now: number): void {
    const excess = strangers().length - maxListeners;
    const served = strangers().filter((one) => one.listening && isThrough(one, now));
    const giveWay = served.slice(0, Math.max(0, excess));
    for (const neighbor of giveWay) neighbor.listening = false;
    asking = [...asking.filter((one) => !giveWay.includes(one)), ...giveWay];
    allot();
    for (const neighbor of asking) if (neighbor.listening) serve(neighbor, now);
  }

  function allot(): void {
    let places = maxListeners - strangers().filter(({ listening }) => listening).length;
    for (const neighbor of asking) {
      if (neighbor.listening) continue;
      if (!isMember(neighbor.peerId) && places-- <= 0) continue;
      neighbor.listening = true;
      neighbor.servedRounds = 0;
    }
  }

  return { ask, beginRound };
}

function serve(neighbor: Neighbor, now: number): void {
  if (neighbor.servedRounds === 0) neighbor.servedSince = now;
  neighbor.servedRounds += 1;
}

function isThrough({ servedRounds, servedSince }: Neighbor, now: number): boolean {
  return servedRounds >= turnRounds && now - servedSince >= turnMs;
}
