import { EventEmitter } from "node:events";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { readEnv } from "../config/env.ts";
import { ThreadPool, type ThreadPoolOptions, type ThreadWorker } from "./pool.ts";
import type { FromThread, ThreadStart, ToThread } from "./protocol.ts";

const PING_MS = 5000;

/** A thread whose node runs from the start, and that answers unless it hangs. */
class FakeWorker extends EventEmitter implements ThreadWorker {
  readonly number: number;
  readonly received: ToThread["op"][] = [];
  hangs = false;
  nodeId: number | null;

  constructor({ number }: ThreadStart) {
    super();
    this.number = number;
    this.nodeId = number;
  }

  postMessage(message: ToThread): void {
    this.received.push(message.op);
    if (this.hangs) return;
    if (message.op === "ping") this.send({ op: "pong", nodeId: this.nodeId });
    if (message.op === "sibling") this.send({ op: "sibling added", thread: message.sibling.thread });
    if (message.op === "stop") this.emit("exit", 0);
  }

  send(message: FromThread): void {
    this.emit("message", message);
  }

  terminate(): Promise<number> {
    this.received.push("stop");
    this.emit("exit", 1);
    return Promise.resolve(1);
  }
}

const open: ThreadPool[] = [];

afterEach(async () => {
  for (const pool of open.splice(0)) await pool.stop();
});

/** A pool with fake threads. */
function poolOf(options: Partial<ThreadPoolOptions> = {}) {
  const clock = new ManualClock();
  const workers: FakeWorker[] = [];
  const removed: number[] = [];
  const log: string[] = [];
  const pool = new ThreadPool({
    threads: 3,
    settings: readEnv({ environment: {} }),
    log: pino({ level: "warn" }, { write: (line) => void log.push((JSON.parse(line) as { msg: string }).msg) }),
    listens: true,
    counts: false,
    stopMs: 0,
    time: clock,
    startWorker: (data) => {
      const worker = new FakeWorker(data);
      workers.push(worker);
      return worker;
    },
    ...options,
  });
  open.push(pool);
  const main = {
    url: "http://127.0.0.1:1",
    seat: () => null,
    removeNode: (nodeId: number) => Promise.resolve(void removed.push(nodeId)),
  };
  const started = async (count: number): Promise<void> => {
    while (workers.length < count) await new Promise(setImmediate);
  };
  return { pool, main, clock, workers, removed, log, started };
}

/** A pool whose two further threads run. */
async function runningPool(options: Partial<ThreadPoolOptions> = {}) {
  const scene = poolOf(options);
  scene.pool.start(scene.main);
  await scene.started(2);
  for (const worker of scene.workers) worker.send({ op: "running", nodeId: worker.number });
  return { ...scene, two: scene.workers[0]!, three: scene.workers[1]! };
}

describe("a thread that hangs", () => {
  it("is ended after 30 s without an answer, and started again, while the others continue", async () => {
    const { pool, clock, workers, two, three, removed, log, started } = await runningPool();
    clock.advance(10 * PING_MS);
    expect(pool.running).toBe(2);
    two.hangs = true;
    // The last answer was to the ping at 50 s.
    clock.advance(6 * PING_MS);
    expect(pool.running).toBe(2);
    clock.advance(PING_MS);
    expect(pool.running).toBe(1);
    expect(log[0]).toBe("thread 2 has not responded for 30 s; ending it");
    expect(removed).toEqual([2]);
    clock.advance(PING_MS);
    await started(3);
    expect(workers.map(({ number }) => number)).toEqual([2, 3, 2]);
    expect(three.received).not.toContain("stop");
  });

  it("while it starts has two minutes", async () => {
    const { pool, main, clock, workers, log, started } = poolOf({ threads: 2 });
    pool.start(main);
    await started(1);
    workers[0]!.hangs = true;
    clock.advance(24 * PING_MS);
    expect(log).toEqual([]);
    clock.advance(PING_MS);
    expect(log[0]).toBe("thread 2 has not responded for 120 s; ending it");
  });

  it("is not ended because the main thread was busy: only unanswered pings count", async () => {
    const { pool, clock, two } = await runningPool();
    two.hangs = true;
    clock.advance(6 * PING_MS);
    // Its messages of a busy main thread arrive late.
    two.send({ op: "pong", nodeId: 2 });
    clock.advance(6 * PING_MS);
    expect(pool.running).toBe(2);
  });
});

it("a thread that crashes is removed from the cluster under the ID that it has now", async () => {
  const { clock, two, removed } = await runningPool();
  two.nodeId = 17;
  clock.advance(PING_MS);
  two.emit("exit", 1);
  expect(removed).toEqual([17]);
});
