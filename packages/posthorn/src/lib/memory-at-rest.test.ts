import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { RestMonitor } from "./memory-at-rest.ts";

const MODULE = new URL("memory-at-rest.ts", import.meta.url).href;
const MIB = 1024 * 1024;

describe("the memory of a thread", () => {
  it("is returned once after the start, as soon as the thread is at rest", () => {
    const monitor = new RestMonitor();
    expect(monitor.isDue(0.1)).toBe(false);
    expect(monitor.isDue(0.01)).toBe(true);
    // It could not be collected.
    expect(monitor.isDue(0.01)).toBe(true);
    monitor.collected();
    expect(monitor.isDue(0.01)).toBe(false);
  });

  it("is returned again only after a busy period", () => {
    const monitor = new RestMonitor();
    monitor.collected();
    expect([0.1, 0.01, 0.19, 0].map((utilization) => monitor.isDue(utilization))).toEqual([false, false, false, false]);
    expect([0.2, 0.1, 0.02].map((utilization) => monitor.isDue(utilization))).toEqual([false, false, true]);
  });

  it("is returned in the main thread and in the threads that it starts, with the flags of V8 unchanged", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
      encoding: "utf8",
      env: {},
      // A program whose memory is not returned does not end.
      timeout: 60_000,
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toBe("returned by main\nreturned by thread\n");
  });
});

/** Ends only once its memory is returned. */
const PROGRAM = `
import { Worker } from "node:worker_threads";
import { cachedDataVersionTag, getHeapStatistics } from "node:v8";
const thread = \`
  const { cachedDataVersionTag, getHeapStatistics } = process.getBuiltinModule("node:v8");
  const { watchThread } = await import(${JSON.stringify(MODULE)});
  const tag = cachedDataVersionTag();
  (() => Array.from({ length: 1e6 }, (_, n) => ({ n })))();
  watchThread(50);
  const wait = setInterval(() => {
    if (getHeapStatistics().total_heap_size > ${20 * MIB} || cachedDataVersionTag() !== tag || globalThis.gc) return;
    clearInterval(wait);
    console.log("returned by " + (process.getBuiltinModule("node:worker_threads").isMainThread ? "main" : "thread"));
  }, 20);
\`;
const url = new URL("data:text/javascript," + encodeURIComponent(thread));
if (getHeapStatistics().total_heap_size > ${20 * MIB}) throw new Error("too large before the test");
await import(url);
process.once("beforeExit", () => new Worker(url));
`;
