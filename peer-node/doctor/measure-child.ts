/** A process in which `shoal doctor` measures the backend, and of several cards the one, that it is given. */
import { startBackend } from "../../shared/training/backend.ts";
import { measureSpeed } from "../../shared/training/measure.ts";
import type { Speed } from "../../shared/training/measure.ts";
import { createNodeBackends } from "../backends/node-backends.ts";
import { answerParent } from "./ask-child.ts";
import { checkedBackends } from "./backend-checks.ts";

export interface Measured extends Speed {
  /** The trainer's own word. */
  readonly backend: string;
  readonly isSoftware: boolean;
}

await answerParent(async (): Promise<Measured> => {
  const [, , asked, device] = process.argv;
  const name = checkedBackends.find((it) => it === asked);
  if (name === undefined) throw new Error(`no backend "${asked}"`);
  const { find, choiceOf } = createNodeBackends(device === undefined ? undefined : Number(device), () => {});
  const { isSoftware } = await find(name);
  const backend = await startBackend(choiceOf(name));
  const speed = await measureSpeed({ now: () => performance.now() });
  return { backend, isSoftware, ...speed };
});
