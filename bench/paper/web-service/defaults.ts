/** Every choice that the paper leaves open, in one place; docs/results/paper/web-service.md gives the reasons. */
import type { Scenario } from "./network/run.ts";

/** What the paper says. */
const fromThePaper = { servers: 16, gigabitsPerSecond: 1, messageBytes: 100_000 } as const;

/** 150 kB a port, marks above 30 kB: what the examples of netbench, a simulator of two of the authors, have. */
const bufferBytes = 150_000;
const markAboveBytes = 30_000;

export const defaultScenario: Scenario = {
  ...fromThePaper,
  seed: 1,
  bufferBytes,
  markAboveBytes,
  discipline: { kind: "shared", learningLimitBytes: bufferBytes },
  transport: { kind: "newreno", minRtoMs: 10, initialWindow: 10 },
  messagesPerSecond: 5_000,
  learning: {
    gigabitsPerSecond: 2.4,
    // ResNet-110 for CIFAR-10.
    parameters: 1_730_714,
    parametersPerPacket: 280,
    packetBytes: 1_150,
    burstShare: 0.5,
    jitterShare: 0.05,
  },
  rounds: 2,
};
