/** Settings of one of several threads: its share of the limits of the process, which are divided among the threads that run. */
import type { Config } from "../../../src/config/config.ts";
import { type DispatchLimits, limitsOf } from "../../../src/dispatch/types.ts";
import { fixedThreads } from "../../../src/node/thread.ts";
import type { Settings } from "../run.ts";

export class ThreadSettings {
  readonly #process: Settings;
  #current: Settings;
  /** Called when the limits change. */
  onChange: (limits: DispatchLimits) => void = () => undefined;

  constructor(process: Settings, threads: number) {
    this.#process = process;
    this.#current = divided(process, threads);
  }

  get current(): Settings {
    return this.#current;
  }

  /** @param share Settings of the product for this thread. */
  divide(share: Pick<Config, "threads">): void {
    this.#current = divided(this.#process, fixedThreads(share)!);
    this.onChange(this.#current.limits);
  }
}

function divided(settings: Settings, threads: number): Settings {
  const { concurrency, hostConcurrency, laneJobs, queueBytes } = settings.limits;
  const share = (limit: number): number => Math.ceil(limit / threads);
  const limits = { concurrency: share(concurrency), hostConcurrency: share(hostConcurrency), laneJobs, queueBytes };
  return { ...settings, limits: limitsOf(limits) };
}
