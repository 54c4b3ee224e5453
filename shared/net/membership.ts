/**
 * One peer's standing in its room: joins, follows the views, says when its replica is ready, joins again
 * when the server comes back. Knows the socket, not the links and not the training.
 */
import type { Clock } from "../core/clock.ts";
import type { View } from "../core/view.ts";
import type {
  JoinRequest,
  ReadyMessage,
  Refusal,
  RosterEntry,
  Signaling,
  SignalMessage,
  Welcome,
  WholeReport,
} from "./messages.ts";
import { limits, protocolVersion } from "./messages.ts";
import type { ModelUpload } from "./model-upload.ts";
import { createThinReports } from "./thin-reports.ts";

export interface Identity {
  readonly peerId: string;
  readonly name: string;
  readonly kind: "node" | "browser";
  readonly backend: string;
  /** What opens a room that is not open to everybody. */
  readonly invite?: string;
}

export interface MembershipEvents {
  onWelcome(welcome: Welcome): void;
  onJoined(peer: RosterEntry): void;
  onLeft(peerId: string, reason: string): void;
  onSignal(from: string, attempt: string, data: SignalMessage["data"]): void;
  /** `wasMember`: of the view before. */
  onView(view: View, wasMember: boolean): void;
  /** The server knows nothing of the views that we knew: they start again. `hadMembers`: the newest of them. */
  onTrainingGone(hadMembers: boolean): void;
  /** The server does not want us (any more): the run is over for this peer. */
  onRefused(refusal: Refusal): void;
  onNotice(text: string): void;
}

export interface Membership {
  join(): Promise<void>;
  readonly view: View | null;
  /** The newest view is one without us. */
  readonly isLeftOut: boolean;
  /** The server is there and has let us in. */
  readonly isUp: boolean;
  /** In the room, as far as the server has said since it let us in. */
  lists(peerId: string): boolean;
  ready(message: ReadyMessage): void;
  /** No member until the next `ready`; joining again keeps it so. */
  pause(): void;
  signal(to: string, attempt: string, data: SignalMessage["data"]): void;
  /** About once a second; it need not be sent, nor all of it. */
  report(report: WholeReport, isLast?: boolean): void;
  leave(): void;
}

/** After a broken socket the server may still believe in the old one for a moment. */
const takenRetryMs = 1_000;
const takenRetries = 12;
const maxEarly = 1_000;

export function createMembership(deps: {
  readonly signaling: Signaling;
  readonly identity: Identity;
  readonly room: string;
  readonly clock: Clock;
  /** What computes, once that is known. */
  readonly backend: () => string | undefined;
  /** Where we are, if we hold a complete replica of a running training. */
  readonly position: () => JoinRequest["resume"];
  readonly upload: Pick<ModelUpload, "answer">;
  readonly events: MembershipEvents;
}): Membership {
  const { signaling, identity, events, clock } = deps;
  let view: View | null = null;
  let isJoined = false;
  let isAway = false;
  let hasLeft = false;
  let readyFor: ReadyMessage | undefined;
  let isPaused = false;
  let pass: string | undefined;
  const thinReports = createThinReports();
  const early: (() => void)[] = [];
  const listed = new Set<string>();

  const isMemberOf = (some: View | null) => some?.members.includes(identity.peerId) ?? false;

  async function join(attempt = 0): Promise<void> {
    const resume = deps.position();
    const answer = await signaling.join({
      protocol: protocolVersion,
      room: deps.room,
      ...identity,
      backend: deps.backend()?.slice(0, limits.nameLength) ?? identity.backend,
      ...(resume && { resume }),
      ...(pass !== undefined && { pass }),
    });
    if (hasLeft) return;
    if (!answer.ok && answer.code === "taken" && attempt < takenRetries) {
      clock.after(takenRetryMs, () => rejoin(attempt + 1));
    } else if (!answer.ok) events.onRefused(answer);
    else welcome(answer, resume !== undefined);
  }

  /** The socket says `connected` again after a failure, so this is not the last try. */
  function rejoin(attempt = 0): void {
    if (isJoined || hasLeft) return;
    join(attempt).catch((error: unknown) =>
      events.onNotice(`joining again failed: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  /** `isResuming`: we hold a trained replica, so a room that is empty without us does not start afresh. */
  function welcome(answer: Welcome, isResuming: boolean): void {
    isJoined = true;
    if (isAway) events.onNotice("the signaling server is back");
    isAway = false;
    thinReports.welcomed(answer.reportMs, clock.now());
    pass = answer.pass;
    listed.clear();
    for (const { peerId } of answer.roster) listed.add(peerId);
    // A server that was restarted counts from 1 again, and others may have begun there before us.
    if (!isResuming && view && !follows(view, answer.view)) forgetTraining(view);
    events.onWelcome(answer);
    for (const run of early.splice(0)) run();
    if (answer.view && !(isResuming && answer.view.members.length === 0)) take(answer.view);
    if (isPaused) signaling.send("pause");
    if (readyFor) ready(readyFor);
  }

  function forgetTraining({ members }: View): void {
    view = null;
    events.onTrainingGone(members.length > 0);
  }

  function take(next: View): void {
    if (view && next.epoch <= view.epoch) return;
    const wasMember = isMemberOf(view);
    view = next;
    // In it we are done; where others train without us our model has to become theirs first.
    if (next.members.length > 0) readyFor = undefined;
    events.onView(next, wasMember);
  }

  function ready(message: ReadyMessage): void {
    readyFor = message;
    isPaused = false;
    if (isJoined) signaling.send("ready", message);
  }

  function pause(): void {
    readyFor = undefined;
    isPaused = true;
    if (isJoined) signaling.send("pause");
  }

  /** What overtakes the answer to our join is kept until it is there. */
  const whenJoined = <Args extends readonly unknown[]>(run: (...args: Args) => void) => {
    return (...args: Args) => {
      if (isJoined) run(...args);
      else if (early.length < maxEarly) early.push(() => run(...args));
    };
  };

  signaling.on({
    connected() {
      if (!isJoined && !hasLeft) rejoin();
    },
    disconnected(reason) {
      if (isJoined) {
        isAway = true;
        events.onNotice(`the signaling server is away (${reason}): training goes on, reconnecting`);
      }
      isJoined = false;
      early.length = 0;
    },
    joined: whenJoined(({ peers }) => {
      for (const peer of peers) {
        listed.add(peer.peerId);
        events.onJoined(peer);
      }
    }),
    left: whenJoined(({ peerId, reason }) => {
      listed.delete(peerId);
      events.onLeft(peerId, reason);
    }),
    signal: whenJoined(({ from, attempt, data }) => events.onSignal(from, attempt, data)),
    view: whenJoined(take),
    pace: ({ reportMs }) => thinReports.pace(reportMs),
    model: (request, answer) => answer(deps.upload.answer(request)),
    refused(refusal) {
      const { event, code, reason } = refusal;
      if (event === "join" && !isJoined) return; // its answer says so too
      // To who is in the room it says: you are out.
      if (event === "join") [hasLeft, isJoined] = [true, false];
      if (event === "join" || code === "finished") events.onRefused({ ok: false, code, reason });
      else events.onNotice(`the server did not take "${event}": ${reason}`);
    },
  });

  return {
    join: () => join(),
    get view() {
      return view;
    },
    get isLeftOut() {
      return view !== null && !isMemberOf(view);
    },
    get isUp() {
      return isJoined;
    },
    lists: (peerId) => listed.has(peerId),
    ready,
    pause,
    signal: (to, attempt, data) => isJoined && signaling.send("signal", { to, attempt, data }),
    report(report, isLast = false) {
      const said = isLast ? report : isJoined && thinReports.next(report, clock.now());
      if (isJoined && said) signaling.send("report", said);
    },
    leave() {
      hasLeft = true;
      if (isJoined) signaling.send("leave");
      isJoined = false;
    },
  };
}

/**
 * Could be the same training's newest view, after `known`. A larger epoch alone does not say so: a server that was
 * restarted counts anew, and strangers may have begun there. To forget a training that goes on costs a listener little,
 * and who has paused keeps its replica. A view without members is nobody's.
 */
function follows(known: View, next: View | null): boolean {
  if (!next || next.epoch < known.epoch) return false;
  if (next.epoch === known.epoch)
    return next.fromRound === known.fromRound && next.members.join() === known.members.join();
  if (next.members.length === 0) return true;
  const isHeld = known.members.length === 0 || next.members.some((peerId) => known.members.includes(peerId));
  return isHeld && next.fromRound >= known.fromRound;
}
