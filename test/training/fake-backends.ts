/** Backends that behave and misbehave as told, in virtual time: a slow step takes no time of the test's. */
import { setImmediate } from "node:timers/promises";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import type { BackendThread } from "../../shared/training/backend-thread.ts";
import type { LocalWork } from "../../shared/training/trainer.ts";
import type { Task } from "../../shared/core/task.ts";

export interface FakeBackend {
  readonly stepMs?: number;
  /** Sentence with which it does not start. */
  readonly fails?: string;
  /** Sentence with which its device is not there. */
  readonly missing?: string;
  /** Neither starts nor fails. */
  readonly hangs?: boolean;
  readonly isSoftware?: boolean;
  readonly firstLoss?: number;
  /** What a step adds to both parameters; 1 and −1 is right. */
  readonly update?: readonly [number, number];
  /** The trainer's word for itself. */
  readonly backend?: string;
}

export interface FakeThread {
  readonly name: BackendName;
  /** Its device goes away; whatever waits for it rejects. */
  lose(why: string): void;
  /** From now on it answers no call. */
  hang(): void;
  /** From now on every call fails with this. */
  fail(reason: string): void;
  /** Tasks that it made trainers for, and how many made-up samples it was told to take for them. */
  readonly made: readonly { readonly task: Task; readonly trialSamples: number | undefined }[];
  readonly calls: readonly (readonly number[])[];
  readonly isClosed: () => boolean;
}

export function createFakeBackends(backends: Partial<Record<BackendName, FakeBackend>>) {
  const time = createVirtualTime();
  const threads: FakeThread[] = [];

  function open(name: BackendName): BackendThread {
    const fake = backends[name] ?? { fails: "there is none" };
    const { stepMs = 10, firstLoss = 2.3, update = [1, -1], backend = name } = fake;
    const made: FakeThread["made"][number][] = [];
    const calls: (readonly number[])[] = [];
    let [isClosed, hangs, failure] = [false, false, ""];
    let lose: (why: string) => void = () => {};
    const lost = new Promise<string>((resolve) => (lose = resolve));
    const gone = lost.then((why) => {
      throw new Error(`training thread: ${why}`);
    });
    gone.catch(() => {});
    threads.push({
      name,
      lose,
      hang: () => (hangs = true),
      fail: (reason) => (failure = reason),
      made,
      calls,
      isClosed: () => isClosed,
    });

    const wait = (ms: number) => new Promise<void>((resolve) => void time.after(ms, resolve));
    const forEver = new Promise<never>(() => {});

    async function train(parameters: Float32Array, { samples }: LocalWork) {
      calls.push([...parameters]);
      if (hangs) await forEver;
      await wait(stepMs);
      if (failure) throw new Error(`training thread: ${failure}`);
      return {
        parameters: parameters.map((value, index) => value + (update[index] ?? NaN)),
        loss: firstLoss,
        samples,
        trainMs: stepMs,
      };
    }

    return {
      device: fake.missing
        ? Promise.reject(new Error(fake.missing))
        : Promise.resolve({ isSoftware: fake.isSoftware ?? false }),
      lost,
      async make(task, trialSamples) {
        made.push({ task, trialSamples });
        if (fake.hangs) await Promise.race([forEver, gone]);
        if (fake.fails) throw new Error(`training thread: ${fake.fails}`);
        return {
          parameterCount: 2,
          backend,
          validationSamples: 50,
          initialParameters: async () => new Float32Array(2),
          train: (parameters, work) => Promise.race([train(parameters, work), gone]),
          close: async () => {},
        };
      },
      close() {
        isClosed = true;
        lose("it was closed");
      },
    };
  }

  /** Lets virtual time pass until `work` has an end. */
  async function settle<T>(work: Promise<T>): Promise<T> {
    // Looked at only between the events.
    work.catch(() => {});
    const waiting = Symbol();
    for (let idle = 0; idle < 10;) {
      await setImmediate();
      const result = await Promise.race([work, Promise.resolve(waiting)]);
      if (result !== waiting) return work;
      idle = time.step() ? 0 : idle + 1;
    }
    throw new Error("nothing more happens, and it has not ended");
  }

  return { open, clock: time, settle, threads };
}
