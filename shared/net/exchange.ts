/**
 * The round machine at work over real links: moves packets when links can take them, keeps its timer, and
 * turns a round into a promise that always settles (the machine has a deadline for everything).
 */
import type { AveragingRule } from "../core/averaging/rule.ts";
import type { Clock } from "../core/clock.ts";
import type { Offence } from "../core/conduct.ts";
import { maxPacketBytes } from "../core/packet.ts";
import type { Come, RoundMachine, RoundResult } from "../core/round.ts";
import { createChaff } from "./chaff.ts";
import type { ControlMessage } from "./control.ts";
import type { Mesh } from "./mesh.ts";
import { offenceWords } from "./offence-words.ts";

const opinions: readonly Offence[] = ["owner", "contribution", "audit", "notOwed"];
/** A model far from ours may be an honest one, and so may a view. */
const isOpinion = (offence: Offence) => opinions.includes(offence);

/** What became of a round we began. */
export type RoundOutcome =
  | { readonly kind: "finished"; readonly result: RoundResult }
  /** The others are far ahead: leave this round and listen to that one. */
  | { readonly kind: "behind"; readonly newest: number; readonly heard: Come | undefined }
  | { readonly kind: "aborted" };

export interface Exchange {
  /** `kept` stands where no average arrives, if that is not `values`. */
  average(round: number, values: Float32Array, listen: boolean, kept?: Float32Array): Promise<RoundOutcome>;
  onOpen(peerId: string): void;
  onClose(peerId: string): void;
  onBytes(peerId: string, bytes: Uint8Array): void;
  onControl(peerId: string, message: ControlMessage): void;
  onDrain(peerId: string): void;
  /** The round under way, if any, ends as aborted. */
  abort(): void;
  /** The same, if nothing of ours is in it. */
  abortListening(): void;
  close(): void;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** setTimeout can't do less, and a machine that asks for "now" must not spin. */
const minWakeMs = 1;

export function createExchange(deps: {
  readonly clock: Clock;
  readonly machine: RoundMachine;
  readonly mesh: Pick<Mesh, "open" | "canSend" | "send" | "tell" | "shun">;
  readonly channel: AveragingRule["channel"];
}): Exchange {
  const { clock, machine, mesh } = deps;
  const channelName = deps.channel === "reliable" ? "control" : "fragments";
  const packet = new Uint8Array(maxPacketBytes);
  const chaff = createChaff();
  let pending: ((outcome: RoundOutcome) => void) | undefined;
  let isListening = false;
  let cancelWake: () => void = () => undefined;
  let armedFor = Infinity;
  let isClosed = false;
  let bytesSent = 0;
  let bytesReceived = 0;

  function average(
    round: number,
    values: Float32Array,
    listen: boolean,
    kept = values,
  ): Promise<RoundOutcome> {
    if (isClosed) return Promise.resolve({ kind: "aborted" });
    return new Promise((resolve) => {
      pending = resolve;
      isListening = listen;
      machine.begin(round, values, clock.now(), listen, kept);
      settle();
    });
  }

  /** After anything that may have given the machine something to say. */
  function settle(): void {
    sendPackets();
    sendMarkers();
    shunOffenders();
    conclude();
    arm();
  }

  /** One packet to each destination in turn, so that no link starves behind another one's queue. */
  function sendPackets(): void {
    for (let isSending = true; isSending;) {
      isSending = false;
      for (const peerId of mesh.open) if (sendPacket(peerId)) isSending = true;
    }
  }

  function sendPacket(peerId: string): boolean {
    if (!mesh.canSend(peerId)) return false;
    const length = machine.nextPacket(peerId, packet);
    if (length === 0 || !mesh.send(peerId, channelName, packet.subarray(0, length))) return false;
    bytesSent += length;
    return true;
  }

  function sendMarkers(): void {
    for (let next = machine.nextMarker(); next; next = machine.nextMarker()) {
      mesh.tell(next.to, { type: "end", ...next.marker });
    }
    for (let next = machine.nextRequest(); next; next = machine.nextRequest())
      mesh.tell(next.to, { type: "audit", ...next.request });
  }

  /** Bytes that make no sense are not worth taking. */
  function shunOffenders(): void {
    for (let next = machine.takeOffender(); next; next = machine.takeOffender()) {
      const { peerId, offence } = next;
      if (!isOpinion(offence)) mesh.shun(peerId, `it sent ${offenceWords[offence]}`);
    }
  }

  function conclude(): void {
    if (!pending) return;
    const result = machine.takeResult();
    const newest = machine.jumpTo();
    if (result) resolvePending({ kind: "finished", result });
    else if (newest !== undefined) resolvePending({ kind: "behind", newest, heard: machine.heard() });
  }

  function resolvePending(outcome: RoundOutcome): void {
    const resolve = pending;
    pending = undefined;
    resolve?.(outcome);
  }

  function arm(): void {
    const at = machine.wakeAt();
    if (at === armedFor || isClosed) return;
    cancelWake();
    armedFor = at;
    if (at === Infinity) return;
    cancelWake = clock.after(Math.max(minWakeMs, at - clock.now()), () => {
      armedFor = Infinity;
      machine.tick(clock.now());
      settle();
    });
  }

  function onControl(peerId: string, message: ControlMessage): void {
    if (message.type === "end") {
      const { epoch, round, phase, sent } = message;
      machine.endOfPhase(peerId, { epoch, round, phase, sent }, clock.now());
      settle();
    } else if (message.type === "audit") {
      const { epoch, round, fragments } = message;
      machine.audited(peerId, { epoch, round, fragments });
      settle();
    } else if (message.type === "listen") machine.setListening(peerId, message.on);
  }

  return {
    average,
    onOpen(peerId) {
      machine.linkOpened(peerId);
      settle();
    },
    onClose(peerId) {
      chaff.forget(peerId);
      machine.linkClosed(peerId, clock.now());
      settle();
    },
    onBytes(peerId, bytes) {
      bytesReceived += bytes.length;
      const now = clock.now();
      const use = machine.receive(peerId, bytes, now);
      if (use !== "none") settle();
      if (use === "some" || chaff.allows(peerId, bytes.length, now)) return;
      mesh.shun(peerId, "too many packets that are of no use");
    },
    onControl,
    onDrain: settle,
    abort: () => resolvePending({ kind: "aborted" }),
    abortListening: () => isListening && resolvePending({ kind: "aborted" }),
    close() {
      isClosed = true;
      cancelWake();
      resolvePending({ kind: "aborted" });
    },
    get bytesSent() {
      return bytesSent;
    },
    get bytesReceived() {
      return bytesReceived;
    },
  };
}
