/**
 * Returns memory to the system when a thread is at rest. After its start or a busy period, a thread without work allocates so little that V8
 * would not collect the garbage for hours, and V8 keeps free pages until a collection that is meant to free memory. See
 * docs/decisions/189-return-memory-at-rest.md.
 */
import { performance } from "node:perf_hooks";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/** Pause between two looks at a thread. */
const LOOK_MS = 5000;
/** Shares of the time between two looks that a thread at rest is active at most, and a busy one at least. */
const REST = 0.02;
const BUSY = 0.2;
/** Key of the environment data that threads inherit. */
const ENABLED = "posthorn:return-memory-at-rest";

/** Memory in use up to which free pages are returned, too: that takes several collections, which pause the thread for longer the more is in use. */
const MAX_USED_BYTES = 128 * 1024 * 1024;

type Collect = (options: { readonly type: "major"; readonly flavor?: "last-resort" }) => void;

/** Decides when to collect: once at rest after the start, and after each busy period. */
export class RestMonitor {
  #hasGarbage = true;

  /** Whether the thread is at rest and has garbage. @param utilization Share of the time since the last look. */
  isDue(utilization: number): boolean {
    if (utilization >= BUSY) this.#hasGarbage = true;
    return this.#hasGarbage && utilization <= REST;
  }

  collected(): void {
    this.#hasGarbage = false;
  }
}

/** Applies to this thread, and to the threads that it starts from now on. Programs that embed a node collect their own garbage. */
export function returnMemoryAtRest(): void {
  setEnvironmentData(ENABLED, true);
  watchThread();
}

/** Does the same in a thread that the server started. */
export function returnThreadMemoryAtRest(): void {
  if (getEnvironmentData(ENABLED) === true) watchThread();
}

/** @param lookMs Shorter in tests. */
export function watchThread(lookMs = LOOK_MS): void {
  const monitor = new RestMonitor();
  let before = performance.eventLoopUtilization();
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (monitor.isDue(utilization) && collectGarbage()) monitor.collected();
  };
  setInterval(look, lookMs).unref();
}

/**
 * Calls the function that V8 offers to programs started with `--expose-gc`. The flag is only set for a moment: V8 does not use stored code that
 * was compiled with other flags. Returns whether it was called, because another thread may unset the flag in this moment.
 */
function collectGarbage(): boolean {
  const { getHeapStatistics, setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  setFlagsFromString("--expose-gc");
  let collect: Collect | undefined;
  try {
    collect = runInNewContext("globalThis.gc") as Collect | undefined;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
  if (collect === undefined) return false;
  collect({ type: "major" });
  if (getHeapStatistics().used_heap_size <= MAX_USED_BYTES) collect({ type: "major", flavor: "last-resort" });
  return true;
}
