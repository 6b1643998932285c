/**
 * A thread that runs a node beside the main thread. It loads little code before it first responds to the others, because they wait for that.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { MetricReading } from "../telemetry/types.ts";
import { useCompiledCode } from "../lib/compiled-code.ts";
import { returnThreadMemoryAtRest } from "../lib/memory-at-rest.ts";
import type { FromThread, ThreadStart, ToThread } from "./protocol.ts";
import { WorkerHealth } from "./health.ts";
import { SiblingPorts } from "./siblings.ts";

const start = workerData as ThreadStart;
const main = parentPort!;
const stop = new AbortController();
let onSilent: (thread: number) => void = () => undefined;
let nodeId: () => number | null = () => null;
let readMetrics: () => Promise<readonly MetricReading[]> = () => Promise.resolve([]);
const siblings = new SiblingPorts({ process: start.process, onSilent: (thread) => onSilent(thread) });
const health = new WorkerHealth(siblings);

main.on("message", (message: ToThread) => {
  switch (message.op) {
    case "sibling":
      siblings.add(message.sibling.thread, message.sibling.port);
      return tell({ op: "sibling added", thread: message.sibling.thread });
    case "metrics":
      return void readMetrics().then(
        (metrics) => tell({ op: "metrics", id: message.id, metrics }),
        // The main thread reuses the last metrics.
        () => undefined,
      );
    case "ping":
      health.pinged();
      return tell({ op: "pong", nodeId: nodeId() });
    case "stop":
      return stop.abort();
  }
});
for (const { thread, port } of start.siblings) siblings.add(thread, port);
if (start.compiled !== null) useCompiledCode(start.compiled);
returnThreadMemoryAtRest();
const { runNode } = await import("./run-node.ts");
await runNode(start, {
  siblings,
  health,
  stop: stop.signal,
  onLog: (log) => (onSilent = (thread) => log.warn({ silent: thread }, `thread ${thread} does not respond`)),
  onRunning: (node) => {
    readMetrics = () => node.metrics();
    nodeId = () => node.id;
    tell({ op: "running", nodeId: node.id });
  },
});
siblings[Symbol.dispose]();
main.close();

function tell(message: FromThread): void {
  main.postMessage(message, []);
}
