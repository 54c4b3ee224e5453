/** What a peer works with once the server has let it in and its trainer runs. */
import type { AveragingRule } from "../core/averaging/rule.ts";
import { createRule, roundOptionsOf } from "../core/averaging/rules.ts";
import type { Clock } from "../core/clock.ts";
import { encodingOf } from "../core/encoding.ts";
import { createPace } from "../core/pace.ts";
import type { Pace } from "../core/pace.ts";
import { valuesPerFragment } from "../core/packet.ts";
import type { Rng } from "../core/rng.ts";
import { reliablePatience } from "../core/patience.ts";
import { createRoundMachine } from "../core/round.ts";
import type { RoundMachine } from "../core/round.ts";
import type { Task } from "../core/task.ts";
import type { Trainer } from "../training/trainer.ts";
import { createExchange } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Mesh } from "./mesh.ts";
import { createValidationPass } from "./meters.ts";
import type { ValidationPass } from "./meters.ts";

export interface Session {
  readonly task: Task;
  readonly rule: AveragingRule;
  readonly trainer: Trainer;
  readonly machine: RoundMachine;
  readonly exchange: Exchange;
  readonly pace: Pace;
  readonly pass: ValidationPass;
}

/** Reliable averaging waits for retransmissions; only a dead peer makes it give up. */
const reliableMs = 30_000;
/** Images of one validation pass while training; the final figure takes them all. */
const imagesPerPass = 512;

export function createSession(deps: {
  readonly task: Task;
  readonly trainer: Trainer;
  readonly mesh: Mesh;
  readonly peerId: string;
  readonly clock: Clock;
  readonly rng: Rng;
}): Session {
  const { task, trainer, mesh, peerId, clock, rng } = deps;
  const encoding = encodingOf(task.encoding);
  const rule = createRule(task.averaging, valuesPerFragment(encoding.bytesPerValue), task.robust);
  const machine = createRoundMachine({
    peerId,
    seed: task.seed,
    valueCount: trainer.parameterCount,
    rounds: task.rounds,
    encoding,
    ...roundOptionsOf(rule),
    parity: task.parity,
    rng,
    ...(rule.channel === "reliable" ? { patience: reliablePatience(reliableMs) } : {}),
  });
  return {
    task,
    rule,
    trainer,
    machine,
    exchange: createExchange({ clock, machine, mesh, channel: rule.channel }),
    pace: createPace(task.work),
    pass: createValidationPass(Math.min(trainer.validationSamples, imagesPerPass)),
  };
}
