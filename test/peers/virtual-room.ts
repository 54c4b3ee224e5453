/** Whole peers and the server's room in virtual time: seeded, and hundreds of rounds in a second or two. */
import type { Clock } from "../../shared/core/clock.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Task } from "../../shared/core/task.ts";
import type { Faults } from "../../shared/net/impairment.ts";
import type { LinkEvents } from "../../shared/net/link.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import type { Refusal, Signaling, SignalingHandlers, Welcome } from "../../shared/net/messages.ts";
import { createPeer } from "../../shared/net/peer.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import type { PeerEvent, PeerOutcome } from "../../shared/net/peer-events.ts";
import type { Peer } from "../../shared/net/peer.ts";
import type { RoomStatus } from "../../shared/net/status.ts";
import { pause } from "../../shared/net/waiting.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import type { LocalResult, Trainer } from "../../shared/training/trainer.ts";
import { arrivalsMs, createArrivals } from "../../signaling-server/arrivals.ts";
import { noAnswer } from "../../signaling-server/endings.ts";
import { createRoom } from "../../signaling-server/room.ts";
import type { RoomEffect } from "../../signaling-server/room.ts";

/** Virtual time of one local step, where nothing else is said. */
const usualTrainMs = 200;
const usualSamples = 64;
const tickMs = 100;
/** Until the server gives up a socket that does not answer. */
const socketMs = 10_000;
/** Five fragments. */
const parameterCount = 1_400;

export interface VirtualPeer {
  readonly peer: Peer;
  readonly peerId: string;
  readonly events: PeerEvent[];
  readonly outcome: Promise<PeerOutcome>;
}

export interface VirtualRoom {
  readonly peers: readonly VirtualPeer[];
  /** One more. */
  add(): VirtualPeer;
  /** The server goes, and one that knows nothing is there at once; each peer finds it after so long. */
  restartServer(backAfterMs: (number: number) => number): void;
  /** Its machine sleeps: no timer of its fires, it hears nothing, and the server gives its socket up. */
  suspend(number: number, ms: number): void;
  /** The server is cut off from these: after a while it gives their sockets up. Each finds it again after so long. */
  cutServerOff(numbers: readonly number[], backAfterMs: (number: number) => number): void;
  status(): RoomStatus;
  /** True as soon as `done` holds; false after so much virtual time. */
  run(ms: number, done?: () => boolean): Promise<boolean>;
  /** Every peer is stopped, and has ended. */
  close(): Promise<void>;
}

export function openVirtualRoom(options: {
  readonly task: Task;
  readonly count: number;
  readonly seed: number;
  readonly faults?: Partial<Faults>;
  /** False: no fragment gets to this peer. */
  readonly hears?: (number: number) => boolean;
  /** How often the server asks for reports, as one with many peers does; usual are 1,000. */
  readonly reportMs?: number;
  /** Of a peer's next local step. */
  readonly trainMs?: (number: number) => number;
  /** Changes what comes out of a peer's local step. */
  readonly tamper?: (number: number, round: number, parameters: Float32Array) => void;
}): VirtualRoom {
  const { task, seed } = options;
  const time = createVirtualTime();
  const network = createMemoryNetwork({ clock: time, rng: createRng(seed), delayMs: 20, ...options.faults });
  const openServer = () => createRoom({ name: "main", task, iceServersFor: () => [], madeAtMs: time.now() });
  let room = openServer();
  /** Whose socket is broken. */
  const away = new Set<string>();
  const handlers = new Map<string, SignalingHandlers>();
  /** What would happen to a peer whose machine sleeps, in order. */
  const asleep = new Map<string, (() => void)[]>();
  const happen = (peerId: string, event: () => void) => {
    const later = asleep.get(peerId);
    if (later) later.push(event);
    else event();
  };

  /** As room-host.ts does: who comes back is named together with others. */
  let arrivals = createArrivals();
  let cancelArrivals: (() => void) | null = null;
  function carryOut(effects: readonly RoomEffect[]): void {
    for (const effect of effects) {
      if (effect.event === "joined" && effect.mayWait) keepBack(effect);
      else {
        tellArrivals();
        tell(effect);
      }
    }
  }

  function keepBack(joined: Extract<RoomEffect, { readonly event: "joined" }>): void {
    arrivals.add(joined);
    cancelArrivals ??= time.after(arrivalsMs, tellArrivals);
  }

  function tellArrivals(): void {
    cancelArrivals?.();
    cancelArrivals = null;
    for (const joined of arrivals.take()) tell(joined);
  }

  function tell(effect: RoomEffect): void {
    for (const to of effect.to)
      time.after(10, () => {
        if (!away.has(to)) happen(to, () => deliver(handlers.get(to), effect));
      });
  }

  function tick(): void {
    carryOut(room.tick(time.now()));
    time.after(tickMs, tick);
  }
  time.after(tickMs, tick);

  function connect(peerId: string): Signaling {
    return {
      join(request): Promise<Welcome | Refusal> {
        // As the server has checked it.
        const proof = { key: peerId, signature: "0".repeat(128) };
        const { answer, effects } = room.join({ ...request, proof }, time.now());
        carryOut(effects);
        const { reportMs } = options;
        return Promise.resolve(answer.ok && reportMs !== undefined ? { ...answer, reportMs } : answer);
      },
      send(event, ...[payload]) {
        if (away.has(peerId)) return;
        if (event === "leave") carryOut(room.leave(peerId, "goodbye", time.now()));
        else if (event === "pause") carryOut(room.pause(peerId, time.now()));
        else if (payload && "to" in payload) {
          const { to, attempt, data } = payload;
          if (arrivals.has(peerId)) tellArrivals();
          const signal = () => handlers.get(to)?.signal({ from: peerId, attempt, data });
          time.after(10, () => happen(to, signal));
        } else if (payload && "state" in payload) carryOut(room.report(peerId, payload, time.now()));
        else if (payload) carryOut(room.ready(peerId, payload, time.now()));
      },
      on: (its) => void handlers.set(peerId, its),
      close: () => void handlers.delete(peerId),
    };
  }

  /** Noisy steps towards one point: what a replica is like matters here, not what it learned. */
  function createTrainer(number: number, clock: Clock): Trainer {
    const rng = createRng(mix(seed, number));
    return {
      parameterCount,
      backend: "a step",
      validationSamples: 1,
      initialParameters: () => Promise.resolve(new Float32Array(parameterCount)),
      async train(from, { round, samples }): Promise<LocalResult> {
        const trainMs = ((options.trainMs?.(number) ?? usualTrainMs) * samples) / usualSamples;
        await pause(clock, trainMs);
        const parameters = from.map((value) => value + 0.1 * (1 - value) + 0.2 * (rng.float() - 0.5));
        options.tamper?.(number, round, parameters);
        return { parameters, loss: 1, samples, trainMs };
      },
      close: () => Promise.resolve(),
    };
  }

  /** A peer's own: its timers fire when it is awake. */
  const clockOf = (peerId: string): Clock => ({
    now: time.now,
    after(ms, fire) {
      let isCancelled = false;
      const cancel = time.after(ms, () => happen(peerId, () => void (isCancelled || fire())));
      return () => {
        isCancelled = true;
        cancel();
      };
    },
  });

  /** All that a link tells it. */
  const heardBy = (number: number, peerId: string, events: LinkEvents): LinkEvents => ({
    onSignal: (signal) => happen(peerId, () => events.onSignal(signal)),
    onOpen: () => happen(peerId, () => events.onOpen()),
    onText: (text) => happen(peerId, () => events.onText(text)),
    onDrain: () => happen(peerId, () => events.onDrain()),
    onClose: (reason) => happen(peerId, () => events.onClose(reason)),
    onBytes(channel, bytes) {
      if (!(options.hears?.(number) ?? true)) return;
      // Ours until we return only.
      const kept = asleep.has(peerId) ? bytes.slice() : bytes;
      happen(peerId, () => events.onBytes(channel, kept));
    },
  });

  function startPeer(number: number): VirtualPeer {
    const signingKey = createSigningKey(new Uint8Array(32).fill(number + 1));
    const { peerId } = signingKey;
    const clock = clockOf(peerId);
    const events: PeerEvent[] = [];
    const peer = createPeer({
      signingKey,
      identity: { peerId, name: `peer ${number}`, kind: "node", backend: "toy" },
      room: "main",
      signaling: connect(peerId),
      createLink: (link) => network.createLink({ ...link, events: heardBy(number, peerId, link.events) }),
      startTrainer: () => Promise.resolve(createTrainer(number, clock)),
      clock,
      rng: createRng(seed + number),
      onEvent: (event) => void events.push(event),
    });
    return { peer, peerId, events, outcome: peer.run() };
  }
  const peers = Array.from({ length: options.count }, (_, number) => startPeer(number));

  function restartServer(backAfterMs: (number: number) => number): void {
    room = openServer();
    arrivals = createArrivals();
    cancelArrivals?.();
    cancelArrivals = null;
    for (const [number, { peerId }] of peers.entries()) {
      away.add(peerId);
      handlers.get(peerId)?.disconnected("transport close");
      time.after(backAfterMs(number), () => {
        away.delete(peerId);
        handlers.get(peerId)?.connected();
      });
    }
  }

  function cutServerOff(numbers: readonly number[], backAfterMs: (number: number) => number): void {
    for (const number of numbers) {
      const peerId = peers[number]?.peerId ?? "";
      away.add(peerId);
      handlers.get(peerId)?.disconnected("ping timeout");
      time.after(socketMs + 500 * number, () => carryOut(room.leave(peerId, noAnswer, time.now())));
      time.after(backAfterMs(number), () => {
        away.delete(peerId);
        handlers.get(peerId)?.connected();
      });
    }
  }

  function suspend(number: number, ms: number): void {
    const peerId = peers[number]?.peerId ?? "";
    asleep.set(peerId, []);
    const giveUp = () => {
      away.add(peerId);
      carryOut(room.leave(peerId, noAnswer, time.now()));
    };
    if (ms > socketMs) time.after(socketMs, giveUp);
    time.after(ms, () => {
      const late = asleep.get(peerId) ?? [];
      asleep.delete(peerId);
      for (const event of late) event();
      if (!away.delete(peerId)) return;
      handlers.get(peerId)?.disconnected("ping timeout");
      handlers.get(peerId)?.connected();
    });
  }

  /** What a step set going goes on in promises: they have their turn before the next one. */
  async function run(ms: number, done: () => boolean = () => false): Promise<boolean> {
    const until = time.now() + ms;
    time.after(ms, () => {});
    while (time.now() < until && !done()) {
      time.step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done();
  }

  return {
    peers,
    add() {
      const peer = startPeer(peers.length);
      peers.push(peer);
      return peer;
    },
    restartServer,
    cutServerOff,
    suspend,
    status: () => room.status(),
    run,
    async close() {
      for (const { peer } of peers) peer.stop();
      let ended = 0;
      for (const { outcome } of peers) void outcome.then(() => (ended += 1));
      await run(20_000, () => ended === peers.length);
    },
  };
}

function deliver(to: SignalingHandlers | undefined, effect: RoomEffect): void {
  if (effect.event === "joined") to?.joined(effect.data);
  else if (effect.event === "left") to?.left(effect.data);
  else if (effect.event === "view") to?.view(effect.data);
  else to?.refused(effect.data);
}
