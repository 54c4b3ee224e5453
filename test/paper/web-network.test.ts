/** The packet simulator behind Figures 6 and 7: against queueing theory, and against what TCP must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultScenario } from "../../bench/paper/web-service/defaults.ts";
import type { PacketCounts } from "../../bench/paper/web-service/network/fabric.ts";
import { createPortQueue } from "../../bench/paper/web-service/network/discipline.ts";
import type { Discipline } from "../../bench/paper/web-service/network/discipline.ts";
import type { Packet } from "../../bench/paper/web-service/network/packet.ts";
import { createPort } from "../../bench/paper/web-service/network/port.ts";
import { run } from "../../bench/paper/web-service/network/run.ts";
import type { Scenario } from "../../bench/paper/web-service/network/run.ts";
import { sendIdeally } from "../../bench/paper/web-service/network/ideal-sender.ts";
import { sendByTcp } from "../../bench/paper/web-service/network/tcp-sender.ts";
import type { TransportKind } from "../../bench/paper/web-service/network/transport.ts";
import { createRng } from "../../shared/core/rng.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";

const nobody = { delivered: () => undefined, dropped: () => undefined };
const packetOf = (isWeb: boolean, bytes: number, sentAtMs = 0): Packet => ({
  source: 0,
  target: 1,
  bytes,
  isWeb,
  number: 0,
  sentAtMs,
  hasEcho: false,
  isMarked: false,
  owner: nobody,
});

const fifo: Discipline = { kind: "shared", learningLimitBytes: Infinity };
const gigabitsPerSecond = 1;
/** 1,250 bytes at 1 Gb/s. */
const serviceMs = 0.01;

/** Packets of one size arrive at random: the mean time that they wait for the line. */
function meanWaitMs(utilisation: number, packets: number): number {
  const time = createVirtualTime();
  const rng = createRng(5);
  let [arrived, waitedMs] = [0, 0];
  const onSent = (packet: Packet) => void (waitedMs += time.now() - packet.sentAtMs - serviceMs);
  const queue = createPortQueue(fifo, Infinity);
  const port = createPort({ time, queue, gigabitsPerSecond, markAboveBytes: Infinity, onSent });
  function arrive(): void {
    port.send(packetOf(true, 1250, time.now()));
    arrived++;
    if (arrived < packets) time.after((-Math.log(1 - rng.float()) * serviceMs) / utilisation, arrive);
  }
  time.after(0, arrive);
  time.runUntil(() => false);
  return waitedMs / packets;
}

for (const utilisation of [0.4, 0.8]) {
  test(`a port at ${100 * utilisation} % is an M/D/1 queue`, () => {
    const expected = (utilisation * serviceMs) / (2 * (1 - utilisation));
    const measured = meanWaitMs(utilisation, 500_000);
    const off = Math.abs(measured / expected - 1);
    assert.ok(off < 0.03, `${measured} ms against ${expected} ms`);
  });
}

/** What a port that always has packets of both classes sends first, of a hundred. */
function webAmongHundred(discipline: Discipline): number {
  const queue = createPortQueue(discipline, 1e6);
  for (let count = 0; count < 300; count++) {
    queue.offer(packetOf(true, 1000));
    queue.offer(packetOf(false, 1000));
  }
  const taken = Array.from({ length: 100 }, () => queue.take());
  return taken.filter((packet) => packet?.isWeb).length;
}

test("strict priority sends the web first, weights share the line, one queue keeps the order", () => {
  const learningLimitBytes = 1e6;
  assert.equal(webAmongHundred({ kind: "strict", learningLimitBytes }), 100);
  assert.equal(webAmongHundred({ kind: "shared", learningLimitBytes }), 50);
  for (const webWeight of [1, 3, 9]) {
    const web = webAmongHundred({ kind: "weighted", learningLimitBytes, webWeight });
    const expected = (100 * webWeight) / (webWeight + 1);
    assert.ok(Math.abs(web - expected) <= 8, `${web} of 100 with weight ${webWeight}`);
  }
});

test("above its limit learning is dropped first, and the buffer is never exceeded", () => {
  const queue = createPortQueue({ kind: "shared", learningLimitBytes: 3000 }, 10_000);
  const offers = (isWeb: boolean) => Array.from({ length: 12 }, () => queue.offer(packetOf(isWeb, 1000)));
  assert.equal(offers(false).filter(Boolean).length, 3);
  assert.equal(offers(true).filter(Boolean).length, 7);
  assert.equal(queue.waitingBytes(), 10_000);
  assert.equal(queue.waitingCount(false), 3);
});

/** One message over a path of half a millisecond each way that loses packets; how long it took. */
function messageMs(kind: TransportKind, loss: number, seed: number): number | undefined {
  const time = createVirtualTime();
  const rng = createRng(seed);
  const send = (packet: Packet) => {
    const isLost = rng.float() < loss;
    const { owner } = packet;
    time.after(isLost ? 0 : 0.5, () => (isLost ? owner.dropped(packet) : owner.delivered(packet)));
  };
  let doneMs: number | undefined;
  const onComplete = () => void (doneMs = time.now());
  const message = { source: 0, target: 1, bytes: 100_000, onComplete };
  const options = { kind, minRtoMs: 10, initialWindow: 10 };
  if (kind === "ideal") sendIdeally({ time, send }, message);
  else sendByTcp({ time, send }, options, message);
  time.runUntil(() => false, 100_000);
  return doneMs;
}

test("without loss a message takes slow start's three round trips and its last packets' way", () => {
  // 10, 20 and 40 packets: the seventieth is sent after two round trips.
  assert.equal(messageMs("newreno", 0, 1), 2.5);
});

for (const kind of ["newreno", "dctcp", "ideal"] as const) {
  test(`${kind} brings every message to its end under loss`, () => {
    for (const loss of [0.01, 0.1, 0.3]) {
      for (let seed = 0; seed < 40; seed++) {
        assert.ok(messageMs(kind, loss, seed) !== undefined, `${loss} lost, seed ${seed}`);
      }
    }
  });
}

/** Rounds of an eighth of the model: the same load, in less time. */
const small: Scenario = {
  ...defaultScenario,
  learning: { ...defaultScenario.learning, parameters: 216_340 },
  rounds: 1,
};

const disciplines: readonly Discipline[] = [
  { kind: "shared", learningLimitBytes: 20_000 },
  { kind: "weighted", learningLimitBytes: 10_000, webWeight: 4 },
  { kind: "strict", learningLimitBytes: 10_000 },
];

const whole = ({ delivered, dropped, held }: PacketCounts) => delivered + dropped + held;

for (const discipline of disciplines) {
  test(`${discipline.kind}: every packet is delivered, dropped or still held`, () => {
    const { packets, learningLoss } = run({ ...small, discipline });
    assert.equal(packets.web.sent, whole(packets.web));
    assert.equal(packets.learning.sent, whole(packets.learning));
    assert.ok(packets.learning.dropped > 0 && learningLoss > 0);
  });
}

test("the same scenario gives the same figures to the last bit, another seed does not", () => {
  const first = JSON.stringify(run(small));
  assert.equal(JSON.stringify(run(small)), first);
  assert.notEqual(JSON.stringify(run({ ...small, seed: 2 })), first);
});

test("both kinds of traffic come in at the load that the scenario says", () => {
  const rounds = 8;
  const { packets, messages, simulatedMs } = run({ ...small, rounds, messagesPerSecond: 2_000 });
  const gigabitsPerSecondOfLearning =
    (packets.learning.sent * small.learning.packetBytes * 8) / simulatedMs / 1e6;
  assert.ok(Math.abs(gigabitsPerSecondOfLearning / 2.4 - 1) < 0.03, `${gigabitsPerSecondOfLearning} Gb/s`);
  const expected = ((simulatedMs * rounds) / (rounds + 1) / 1000) * 2_000;
  assert.ok(Math.abs(messages / expected - 1) < 0.1, `${messages} messages, ${expected} expected`);
});
