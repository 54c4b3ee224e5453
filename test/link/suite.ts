/** What `Link` promises, held against every implementation: a spec file names a stack and calls this. */
import { after, describe } from "node:test";
import type { StackName } from "./stacks.ts";
import { loadStack } from "./stacks.ts";
import { describeConnecting } from "./connecting.ts";
import { describeEnding } from "./ending.ts";
import { describeFlow } from "./flow.ts";
import { describeLoss } from "./loss.ts";

/** What a stack cannot help; the reasons are in docs and research, the promises stay the same. */
export interface Caps {
  /** Fragments for the loss test, and the pace that the stack can carry at 10 % loss. */
  readonly lossFragments: number;
  readonly lossPaceMs: number;
  /** Silence after which the rest is lost: longer than the stack's time-outs. */
  readonly lossQuietMs: number;
  /** Growth over 100 links that is still no leak of ours. */
  readonly leakMb: number;
  readonly leakDescriptors: number;
}

const defaultCaps: Caps = {
  lossFragments: 1_000,
  lossPaceMs: 2,
  lossQuietMs: 1_500,
  leakMb: 40,
  leakDescriptors: 16,
};

export async function linkSuite(
  name: StackName,
  { skip = false, ...caps }: Partial<Caps> & { readonly skip?: string | false } = {},
): Promise<void> {
  if (skip) {
    describe(`link: ${name}`, { skip }, () => {});
    return;
  }
  const stack = await loadStack(name);
  const limits = { ...defaultCaps, ...caps };
  describe(`link: ${name}`, () => {
    after(() => stack.cleanup());
    describeConnecting(stack);
    describeFlow(stack);
    describeLoss(stack, limits);
    describeEnding(name, stack, limits);
  });
}
