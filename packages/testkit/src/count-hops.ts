/**
 * Preloaded into a server (`--import`): counts messages between its main thread and its worker threads, and timers of the main thread.
 * Writes the totals as JSON to the file named by `HOPS_FILE` on SIGUSR2.
 */
import { renameSync, writeFileSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";

export interface Hops {
  readonly toThreads: number;
  readonly fromThreads: number;
  readonly timers: number;
  readonly immediates: number;
}

if (isMainThread && process.env["HOPS_FILE"] !== undefined) {
  const path = process.env["HOPS_FILE"];
  const hops = { toThreads: 0, fromThreads: 0, timers: 0, immediates: 0 };
  const counted = <F extends (...args: never[]) => unknown>(work: F, count: (...args: Parameters<F>) => void): F =>
    function (this: unknown, ...args: Parameters<F>) {
      count(...args);
      return Reflect.apply(work, this, args) as unknown;
    } as unknown as F;
  Worker.prototype.postMessage = counted(Worker.prototype.postMessage, () => void hops.toThreads++);
  Worker.prototype.emit = counted(Worker.prototype.emit as (event: string) => boolean, (event) => {
    if (event === "message") hops.fromThreads++;
  }) as typeof Worker.prototype.emit;
  const { setTimeout: timer, setInterval: interval, setImmediate: immediate } = globalThis;
  // Their properties are copied, so that `util.promisify` keeps working.
  globalThis.setTimeout = Object.assign(
    counted(timer, () => void hops.timers++),
    timer,
  );
  globalThis.setInterval = Object.assign(
    counted(interval, () => void hops.timers++),
    interval,
  );
  globalThis.setImmediate = Object.assign(
    counted(immediate, () => void hops.immediates++),
    immediate,
  );
  process.on("SIGUSR2", () => {
    writeFileSync(`${path}.new`, JSON.stringify(hops satisfies Hops));
    renameSync(`${path}.new`, path);
  });
}
