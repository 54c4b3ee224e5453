/**
 * What RPS rounds put on the network: computing, then a burst in which every server sends each other one its
 * scatter and, straight after it, its gather. Open loop, as when a trace is replayed: nothing is sent again,
 * nobody waits for anybody, and a server whose burst is not over when the next round begins starts it late.
 */
import type { Clock } from "../../../../shared/core/clock.ts";
import { permutation } from "../../../../shared/core/rng.ts";
import type { Rng } from "../../../../shared/core/rng.ts";
import type { Packet, PacketOwner } from "./packet.ts";

export interface LearningLoad {
  readonly servers: number;
  readonly packetBytes: number;
  /** Packets that a server sends to each other one in a round, both phases. */
  readonly packetsPerPair: number;
  /** A server's pace within a burst. */
  readonly gigabitsPerSecond: number;
  readonly roundMs: number;
  /** Servers don't compute equally long: a burst begins up to this much late. */
  readonly jitterMs: number;
}

export interface LearningTraffic {
  /** Of the packets sent since `startCounting`. */
  lossRate(): number;
  startCounting(): void;
  /** What is sent from now on no longer counts. */
  stopCounting(): void;
}

export function startLearning(
  time: Clock,
  load: LearningLoad,
  rng: Rng,
  send: (packet: Packet) => void,
): LearningTraffic {
  const spacingMs = (load.packetBytes * 8) / (load.gigabitsPerSecond * 1e6);
  const perRound = load.packetsPerPair * (load.servers - 1);
  let [countFromMs, countUntilMs] = [Infinity, Infinity];
  let sent = 0;
  let lost = 0;

  const counts = ({ sentAtMs }: Packet) => sentAtMs >= countFromMs && sentAtMs < countUntilMs;
  const owner: PacketOwner = {
    delivered: () => undefined,
    dropped: (packet) => void (lost += counts(packet) ? 1 : 0),
  };

  function startServer(source: number): void {
    let round = 0;
    let sentInRound = 0;
    let order = permutation(load.servers, rng);
    let at = 0;

    function sendOne(): void {
      const target = nextTarget();
      const packet: Packet = {
        source,
        target,
        bytes: load.packetBytes,
        isWeb: false,
        number: 0,
        sentAtMs: time.now(),
        hasEcho: false,
        isMarked: false,
        owner,
      };
      sent += counts(packet) ? 1 : 0;
      send(packet);
      sentInRound++;
      if (sentInRound < perRound) time.after(spacingMs, sendOne);
      else endRound();
    }

    /** Every other server once, in an order drawn anew each time, so that no two servers stay in step. */
    function nextTarget(): number {
      if (at >= load.servers) {
        order = permutation(load.servers, rng);
        at = 0;
      }
      const target = order[at++] ?? 0;
      return target === source ? nextTarget() : target;
    }

    function endRound(): void {
      round++;
      sentInRound = 0;
      const start = round * load.roundMs + rng.float() * load.jitterMs;
      time.after(Math.max(spacingMs, start - time.now()), sendOne);
    }

    time.after(rng.float() * load.jitterMs, sendOne);
  }

  for (let server = 0; server < load.servers; server++) startServer(server);
  return {
    lossRate: () => (sent === 0 ? 0 : lost / sent),
    startCounting: () => void (countFromMs = time.now()),
    stopCounting: () => void (countUntilMs = time.now()),
  };
}
