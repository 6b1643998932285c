/**
 * Preloaded into a server (`--import`) and its worker threads: counts loaded modules and reads the heap of each thread. On SIGUSR2 every
 * thread writes its state as JSON to `BENCH_HEAPS`/<thread id>.json.
 */
import { renameSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { getHeapSpaceStatistics } from "node:v8";
import { BroadcastChannel, isMainThread, threadId, threadName } from "node:worker_threads";

export interface ThreadHeap {
  readonly name: string;
  readonly modules: number;
  readonly sourceBytes: number;
  readonly youngBytes: number;
  readonly oldBytes: number;
  readonly usedBytes: number;
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
}

const folder = process.env["BENCH_HEAPS"];
if (folder !== undefined) {
  let modules = 0;
  let sourceBytes = 0;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      // Node's own modules have no source here.
      if (!url.startsWith("node:")) modules++;
      sourceBytes += Buffer.byteLength(loaded.source ?? "");
      return loaded;
    },
  });
  const write = (): void => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")!.space_size;
    const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const path = `${folder}/${threadId}.json`;
    const heap: ThreadHeap = {
      name: isMainThread ? "main" : String(threadName),
      modules,
      sourceBytes,
      youngBytes: young,
      oldBytes: heapTotal - young,
      usedBytes: heapUsed,
      externalBytes: external,
      arrayBufferBytes: arrayBuffers,
    };
    writeFileSync(`${path}.new`, JSON.stringify(heap));
    renameSync(`${path}.new`, path);
  };
  const channel = new BroadcastChannel("posthorn-bench-heaps");
  channel.addEventListener("message", write);
  channel.unref();
  if (isMainThread) {
    process.on("SIGUSR2", () => {
      write();
      // The rule is about windows of browsers.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      channel.postMessage(null);
    });
  }
}
