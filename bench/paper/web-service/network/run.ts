/**
 * One simulated run: both kinds of traffic on one fabric. A scenario with the same values gives the same
 * figures to the last bit; scenarios that differ in the network only see the same messages at the same times.
 */
import { createRng, mix } from "../../../../shared/core/rng.ts";
import { mean, quantile } from "../../../../shared/simulation/figures.ts";
import { createVirtualTime } from "../../../../shared/simulation/virtual-time.ts";
import type { Discipline } from "./discipline.ts";
import { createFabric } from "./fabric.ts";
import type { PacketCounts } from "./fabric.ts";
import { startLearning } from "./learning-traffic.ts";
import type { TransportOptions } from "./transport.ts";
import { startWeb } from "./web-traffic.ts";

export interface Scenario {
  readonly seed: number;
  readonly servers: number;
  readonly gigabitsPerSecond: number;
  readonly bufferBytes: number;
  readonly markAboveBytes: number;
  readonly discipline: Discipline;
  readonly transport: TransportOptions;
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
  readonly learning: {
    /** Of all servers together, on average. */
    readonly gigabitsPerSecond: number;
    readonly parameters: number;
    readonly parametersPerPacket: number;
    readonly packetBytes: number;
    /** A server's pace while it sends, as a share of its line. */
    readonly burstShare: number;
    /** Of a round. */
    readonly jitterShare: number;
  };
  /** That are measured, after one that is not. */
  readonly rounds: number;
}

export interface RunFigures {
  readonly messages: number;
  /** Had not arrived when the run was given up: they count with the time they had had. */
  readonly unfinished: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly learningLoss: number;
  readonly simulatedMs: number;
  readonly packets: { readonly web: PacketCounts; readonly learning: PacketCounts };
}

/** After the measured time messages that are still under way get this long. */
const lastMessagesMs = 2_000;

export function roundMs({ learning, servers }: Scenario): number {
  const packets = packetsPerPair(learning, servers) * servers * (servers - 1);
  return (packets * learning.packetBytes * 8) / (learning.gigabitsPerSecond * 1e6);
}

/** A block is scattered to its owner, its average gathered from there. */
function packetsPerPair(learning: Scenario["learning"], servers: number): number {
  return 2 * Math.ceil(learning.parameters / servers / learning.parametersPerPacket);
}

export function run(scenario: Scenario): RunFigures {
  const { seed, servers, learning } = scenario;
  const time = createVirtualTime();
  const fabric = createFabric({ ...scenario, time });
  const roundLength = roundMs(scenario);
  const learningLoad = {
    servers,
    packetBytes: learning.packetBytes,
    packetsPerPair: packetsPerPair(learning, servers),
    gigabitsPerSecond: learning.burstShare * scenario.gigabitsPerSecond,
    roundMs: roundLength,
    jitterMs: learning.jitterShare * roundLength,
  };
  const learningTraffic = startLearning(time, learningLoad, createRng(mix(seed, 1)), fabric.send);
  const web = startWeb({ time, send: fabric.send }, scenario, scenario.transport, createRng(mix(seed, 2)));

  const startMs = roundLength;
  const endMs = startMs + scenario.rounds * roundLength;
  time.after(startMs, () => {
    web.startCounting();
    learningTraffic.startCounting();
  });
  time.after(endMs, () => {
    web.stopCounting();
    learningTraffic.stopCounting();
  });
  // Stops on the measured messages' last; a network that is overloaded never gets there.
  time.runUntil(() => time.now() > endMs && (web.pending() === 0 || time.now() > endMs + lastMessagesMs));

  const completionMs = [...web.completionMs(), ...web.pendingMs()];
  return {
    messages: completionMs.length,
    unfinished: web.pending(),
    meanMs: mean(completionMs),
    p50Ms: quantile(completionMs, 0.5),
    p99Ms: quantile(completionMs, 0.99),
    learningLoss: learningTraffic.lossRate(),
    simulatedMs: time.now(),
    packets: { web: fabric.counts(true), learning: fabric.counts(false) },
  };
}
