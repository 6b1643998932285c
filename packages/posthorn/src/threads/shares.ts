/** Divides the limits that the operator set for the process among its threads. */
import type { Config } from "../config/config.ts";
import { fixedThreads, type NodeThread, shareOf } from "../node/thread.ts";
import type { SiblingPorts } from "./siblings.ts";

export interface Shares extends Pick<NodeThread, "onShare"> {
  /** Current settings of this thread. */
  readonly share: Config;
}

/** @param config Settings of the process. */
export function sharesOf(config: Config, siblings: Pick<SiblingPorts, "count" | "onCount">): Shares {
  const fixed = fixedThreads(config);
  const atStart = siblings.count;
  const share = (): Config => shareOf(config, fixed ?? 1 + siblings.count);
  return {
    share: share(),
    onShare: (listener) => {
      if (fixed !== null) return;
      siblings.onCount(() => listener(share()));
      // A thread may have joined or ended while this one was starting.
      if (siblings.count !== atStart) listener(share());
    },
  };
}
