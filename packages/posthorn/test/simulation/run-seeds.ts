/** Simulates many seeds on all cores. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SimulationResult } from "./result.ts";
import type { Scenario } from "./scenarios.ts";

/** Message to a thread that simulates. */
export interface SeedTask {
  readonly seed: number;
  /** See `SimulationOptions`. */
  readonly threads: boolean;
}

export interface SeedsOptions {
  /** Whether the nodes are threads of one process. */
  readonly threads?: boolean;
  /** Called with the result of each seed when it is done. */
  readonly onResult?: (result: SimulationResult) => void;
}

/** Resolves with one result for each seed, in the given order. Rejects when the simulation of a seed fails. */
export async function runSeeds(seeds: readonly number[], options: SeedsOptions = {}): Promise<SimulationResult[]> {
  const { threads = false, onResult } = options;
  const results: SimulationResult[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
    try {
      for (let index = next++; index < seeds.length; index = next++) {
        const result = await ask(worker, { seed: seeds[index]!, threads });
        results[index] = result;
        onResult?.(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), seeds.length) }, lane));
  return results;
}

function ask(worker: Worker, task: SeedTask): Promise<SimulationResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: SimulationResult): void => {
      worker.off("error", onError);
      resolve(result);
    };
    const onError = (cause: unknown): void => {
      worker.off("message", onMessage);
      reject(
        new Error(`Seed ${task.seed} did not come to its end: ${String(cause)}. ${replayCommand(task)}`, { cause }),
      );
    };
    worker.once("message", onMessage);
    worker.once("error", onError);
    worker.postMessage(task, []);
  });
}

/** Command that repeats a seed step by step. */
export function replayCommand({ seed, threads }: SeedTask, scenario?: Scenario): string {
  const named = scenario === undefined ? "" : ` --scenario ${scenario.name}`;
  const kind = threads ? " --threads" : "";
  return `Replay: npm run simulate --${kind}${named} --seed ${seed} --verbose`;
}
