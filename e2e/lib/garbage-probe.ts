/**
 * Preloaded into a program (`--import`): shortens long intervals, and appends the name of each thread that V8 offers its garbage collector to
 * `COLLECTING_THREADS`.
 */
import { appendFileSync } from "node:fs";
import v8 from "node:v8";
import { isMainThread, threadName } from "node:worker_threads";

const path = process.env["COLLECTING_THREADS"];
const LONG_MS = 1000;
const SHORT_MS = 50;

if (path !== undefined) {
  const set = globalThis.setInterval;
  globalThis.setInterval = ((callback: () => void, ms = 0, ...parameters: []) =>
    set(callback, ms < LONG_MS ? ms : SHORT_MS, ...parameters)) as typeof setInterval;
  const { setFlagsFromString } = v8;
  v8.setFlagsFromString = (flags) => {
    if (flags === "--expose-gc") appendFileSync(path, `${isMainThread ? "main" : threadName}\n`);
    setFlagsFromString(flags);
  };
}
