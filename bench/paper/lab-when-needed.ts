/** A kernel lab that is built for the first measurement that is not kept yet. */
import { createKernelLab } from "../../test/labs/kernel.ts";
import type { KernelLab } from "../../test/labs/kernel.ts";

export interface LabWhenNeeded {
  get(): Promise<KernelLab>;
  close(): Promise<void>;
}

/** @param reason why there can be no such lab here; told when one is asked for */
export function labWhenNeeded(peers: number, reason: string | false): LabWhenNeeded {
  let lab: Promise<KernelLab> | undefined;
  return {
    async get() {
      if (reason) throw new Error(`no kernel lab: ${reason}`);
      lab ??= createKernelLab({ peers });
      return lab;
    },
    close: async () => (await lab)?.close(),
  };
}
