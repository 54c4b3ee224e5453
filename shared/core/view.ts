/**
 * The numbered, agreed list of members. The server issues views; a member's seat is its place in the
 * list, and everything that peers must agree on without talking (owners, sender numbers) follows from it.
 */
export interface View {
  /** 1, 2, 3, …: a later view has a larger epoch. */
  readonly epoch: number;
  /** The first round in which this view holds; members switch together. */
  readonly fromRound: number;
  /** Peer ids; the index is the seat. */
  readonly members: readonly string[];
}

/** The view that holds in `round`: the newest one that has begun by then, or undefined before the first. */
export function viewAt(views: readonly View[], round: number): View | undefined {
  let found: View | undefined;
  for (const view of views) {
    if (view.fromRound <= round && (!found || view.epoch > found.epoch)) found = view;
  }
  return found;
}

/** Seat of a peer in a view, or -1 when it is not a member. */
export function seatOf(view: View, peerId: string): number {
  return view.members.indexOf(peerId);
}
