import { EventEmitter, once } from "node:events";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import type { SqliteSeat } from "../store/sqlite/threads/seat.ts";
import { ThreadPool, type ThreadPoolOptions, type ThreadWorker } from "./pool.ts";
import type { MetricReading } from "../telemetry/types.ts";
import type { FromThread, ThreadStart, ToThread } from "./protocol.ts";

const PING_MS = 5000;

/** A thread whose node runs from the start, and that answers unless it hangs. */
class FakeWorker extends EventEmitter implements ThreadWorker {
  readonly number: number;
  readonly received: ToThread["op"][] = [];
  readonly performance = { eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }) };
  hangs = false;
  /** Cannot be terminated, for instance because it is in a system call. */
  isKept = false;
  metrics: readonly MetricReading[] = [];
  nodeId: number | null;
  /** Its ends of the channels to the other threads. */
  readonly siblings: readonly MessagePort[];
  /** The same to threads that started later. */
  readonly added: MessagePort[] = [];

  constructor({ number, siblings }: ThreadStart) {
    super();
    this.number = number;
    this.siblings = siblings.map(({ port }) => port);
    this.nodeId = number;
  }

  postMessage(message: ToThread): void {
    this.received.push(message.op);
    if (this.hangs) return;
    if (message.op === "ping") this.send({ op: "pong", nodeId: this.nodeId });
    if (message.op === "sibling") this.added.push(message.sibling.port);
    if (message.op === "sibling") this.send({ op: "sibling added", thread: message.sibling.thread });
    if (message.op === "metrics") this.send({ op: "metrics", id: message.id, metrics: this.metrics });
    if (message.op === "stop") this.emit("exit", 0);
  }

  send(message: FromThread): void {
    this.emit("message", message);
  }

  terminate(): Promise<number> {
    this.received.push("stop");
    if (!this.isKept) this.emit("exit", 1);
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
    config: envToConfig(readEnv({ environment: { POSTHORN_THREADS: "3" } })),
    max: 3,
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

/** A process that starts threads on demand, under full load from now on. */
function growingPool(options: Partial<ThreadPoolOptions> = {}) {
  const meter = { threads: () => ({ busiest: 1, mean: 1 }), spareCores: () => 1 };
  const scene = poolOf({ config: envToConfig(readEnv({ environment: {} })), meter, ...options });
  const busy = (): void => {
    for (let sample = 0; sample < 4; sample++) scene.clock.advance(5000);
  };
  return { ...scene, busy };
}

describe("without a fixed number of threads", () => {
  it("one runs until it has been busy, and then one more is added at a time, up to the maximum", async () => {
    const { pool, main, workers, busy, started } = growingPool();
    pool.start(main);
    expect(workers).toHaveLength(0);
    busy();
    await started(1);
    // The new thread has not taken its share of the load.
    workers[0]!.nodeId = null;
    busy();
    workers[0]!.send({ op: "running", nodeId: 2 });
    workers[0]!.nodeId = 2;
    busy();
    await started(2);
    workers[1]!.send({ op: "running", nodeId: 3 });
    busy();
    expect(workers.map(({ number }) => number)).toEqual([2, 3]);
    expect(pool.running).toBe(2);
  });

  it("a running thread that crashes is started again", async () => {
    const { pool, main, clock, workers, busy, log, started } = growingPool();
    pool.start(main);
    busy();
    await started(1);
    workers[0]!.send({ op: "running", nodeId: 2 });
    workers[0]!.emit("exit", 1);
    expect(log).toEqual(["thread 2 has crashed; restarting it in 500 ms"]);
    clock.advance(500);
    await started(2);
  });

  it("continues without a thread that cannot start, and tries again after ten minutes", async () => {
    const { pool, main, clock, workers, busy, log, started } = growingPool();
    pool.start(main);
    busy();
    await started(1);
    workers[0]!.emit("exit", 1);
    expect(log).toEqual(["thread 2 could not be started; trying again in 10 minutes at the earliest"]);
    for (let sample = 0; sample < 120; sample++) clock.advance(5000);
    expect(workers).toHaveLength(1);
    busy();
    await started(2);
    expect(workers[1]!.number).toBe(2);
  });

  it("each thread has its share of the limits of the process, which changes when a thread joins or ends", async () => {
    const { pool, main, workers, busy, started } = growingPool();
    const shares: number[] = [];
    pool.mainThread.onShare(({ concurrency }) => void shares.push(concurrency));
    pool.start(main);
    busy();
    await started(1);
    const [port] = workers[0]!.siblings;
    port!.postMessage({ op: "join", id: 0 }, []);
    while (shares.length === 0) await new Promise(setImmediate);
    port!.close();
    while (shares.length === 1) await new Promise(setImmediate);
    expect(shares).toEqual([256, 512]);
  });
});

describe("a thread that hangs", () => {
  it("is terminated after 30 s without a response, and started again, while the others continue", async () => {
    const { pool, clock, workers, two, three, removed, log, started } = await runningPool();
    clock.advance(10 * PING_MS);
    expect(pool.running).toBe(2);
    two.hangs = true;
    // The last response was to the ping at 50 s.
    clock.advance(6 * PING_MS);
    expect(pool.running).toBe(2);
    clock.advance(PING_MS);
    expect(pool.running).toBe(1);
    expect(log[0]).toBe("thread 2 has not responded for 30 s; terminating it");
    expect(removed).toEqual([2]);
    clock.advance(PING_MS);
    await started(3);
    expect(workers.map(({ number }) => number)).toEqual([2, 3, 2]);
    expect(three.received).not.toContain("stop");
  });

  it("while it starts has two minutes", async () => {
    const { pool, main, clock, workers, log, started } = poolOf({ max: 2 });
    pool.start(main);
    await started(1);
    workers[0]!.hangs = true;
    clock.advance(24 * PING_MS);
    expect(log).toEqual([]);
    clock.advance(PING_MS);
    expect(log[0]).toBe("thread 2 has not responded for 120 s; terminating it");
  });

  it("is not terminated because the main thread was busy: only unanswered pings count", async () => {
    const { pool, clock, two } = await runningPool();
    two.hangs = true;
    clock.advance(6 * PING_MS);
    // Messages to a busy main thread arrive late.
    two.send({ op: "pong", nodeId: 2 });
    clock.advance(6 * PING_MS);
    expect(pool.running).toBe(2);
  });
});

it("a thread that crashes is removed from the cluster under its current ID", async () => {
  const { clock, two, removed } = await runningPool();
  two.nodeId = 17;
  clock.advance(PING_MS);
  two.emit("exit", 1);
  expect(removed).toEqual([17]);
});

describe("the health of threads", () => {
  it("names a thread that has not responded for 10 s, until it does again", async () => {
    const { pool, clock, two } = await runningPool();
    two.hangs = true;
    for (let ping = 0; ping < 3; ping++) clock.advance(PING_MS);
    expect(pool.health.problems).toEqual([{ thread: 2, state: "hung" }]);
    expect(pool.unavailable).toBe(1);
    two.hangs = false;
    for (let ping = 0; ping < 2; ping++) clock.advance(PING_MS);
    expect(pool.health.problems).toEqual([]);
  });

  it("names a thread that does not end when it is terminated, until it does, and logs what to do", async () => {
    const { pool, clock, log, two } = await runningPool();
    [two.hangs, two.isKept] = [true, true];
    for (let ping = 0; ping < 12; ping++) clock.advance(PING_MS);
    expect(pool.health.problems).toEqual([{ thread: 2, state: "hung" }]);
    expect(log.slice(1)).toEqual(["thread 2 cannot be terminated: the system is blocking it; restart the process"]);
    two.emit("exit", 1);
    expect(pool.health.problems).toEqual([{ thread: 2, state: "ended" }]);
  });

  it("names a thread that has ended, until it runs again", async () => {
    const { pool, clock, workers, two, started } = await runningPool();
    two.emit("exit", 1);
    expect(pool.health.problems).toEqual([{ thread: 2, state: "ended" }]);
    clock.advance(PING_MS);
    await started(3);
    expect(pool.unavailable).toBe(1);
    workers[2]!.send({ op: "running", nodeId: 9 });
    expect(pool.health.problems).toEqual([]);
  });

  it("is good while threads start for the first time, and if a thread that is not needed cannot start", async () => {
    const { pool, main, clock, workers, busy, started } = growingPool();
    pool.start(main);
    busy();
    await started(1);
    workers[0]!.nodeId = null;
    workers[0]!.hangs = true;
    for (let ping = 0; ping < 5; ping++) clock.advance(PING_MS);
    expect(pool.health.problems).toEqual([]);
    workers[0]!.emit("exit", 1);
    expect(pool.health.problems).toEqual([]);
  });
});

/** Lets time pass until some work has ended. Returns how long that took. */
async function passing(clock: ManualClock, work: Promise<void>): Promise<number> {
  let isDone = false;
  void work.then(() => (isDone = true));
  const begun = clock.monotonic();
  for (;;) {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    if (isDone) return clock.monotonic() - begun;
    clock.advance(100);
  }
}

describe("a stop", () => {
  it("terminates threads that do not stop in time, and waits five seconds for those that cannot be terminated", async () => {
    const { pool, clock, log, two, three } = await runningPool({ stopMs: 30_000 });
    [two.hangs, two.isKept, three.hangs] = [true, true, true];
    expect(await passing(clock, pool.stop())).toBeCloseTo(35_000, -3);
    expect(log.slice(0, 2)).toEqual([
      "thread 2 does not stop; terminating it",
      "thread 3 does not stop; terminating it",
    ]);
    expect(log[2]).toContain("the system is blocking thread 2");
    expect(pool.kept).toEqual([2]);
    expect(pool.isEmpty).toBe(false);
  });

  it.each([3, 8])(
    "does not wait for attempts in flight of a thread that has not responded to %i pings",
    async (pings) => {
      const { pool, clock, log, two } = await runningPool({ stopMs: 30_000 });
      [two.hangs, two.isKept] = [true, true];
      clock.advance(pings * PING_MS);
      expect(pool.health.problems).toEqual([{ thread: 2, state: "hung" }]);
      expect(await passing(clock, pool.stop())).toBeCloseTo(5000, -3);
      expect(log.at(-1)).toContain("the system is blocking thread 2");
      expect(pool.kept).toEqual([2]);
    },
  );

  it("terminates threads that hang one after the other", async () => {
    const { pool, clock, two, three } = await runningPool({ stopMs: 30_000 });
    [two.hangs, two.isKept, three.hangs, three.isKept] = [true, true, true, true];
    clock.advance(3 * PING_MS);
    const stops = (): readonly number[] =>
      [two, three].map(({ received }) => received.filter((op) => op === "stop").length);
    const stopped = pool.stop();
    const atFirst = stops();
    await passing(clock, stopped);
    // Each was asked to stop, and then terminated.
    expect([atFirst, stops()]).toEqual([
      [2, 1],
      [2, 2],
    ]);
    expect(pool.kept).toEqual([2, 3]);
  });

  it("does not wait for threads that have stopped in order", async () => {
    const { pool, clock } = await runningPool({ stopMs: 30_000 });
    expect(await passing(clock, pool.stop())).toBe(0);
    expect(pool.kept).toEqual([]);
    expect(pool.isEmpty).toBe(true);
  });
});

describe("the pool", () => {
  it("stops at once while a thread is being started that waits for one that hangs", async () => {
    const { pool, clock, workers, two, three, started } = await runningPool();
    two.emit("exit", 1);
    three.hangs = true;
    clock.advance(PING_MS);
    while (!three.received.includes("sibling")) await new Promise(setImmediate);
    const stopping = pool.stop();
    expect(three.received.at(-1)).toBe("stop");
    three.send({ op: "sibling added", thread: 2 });
    three.emit("exit", 0);
    await stopping;
    await started(2);
    expect(workers).toHaveLength(2);
  });

  it("starts its threads after a start of the main node that failed and was tried again", async () => {
    const { pool, main, started } = poolOf();
    await pool.ended();
    pool.start(main);
    await started(2);
    await pool.ended();
    expect(pool.running).toBe(0);
  });

  it("tries again when a thread cannot be started, and starts the others", async () => {
    const { pool, main, clock, workers, log, started } = poolOf();
    let seats = 0;
    pool.start({
      ...main,
      seat: () => {
        if (++seats === 1) throw new Error("no memory");
        return null;
      },
    });
    await started(1);
    expect(log).toEqual(["thread 2 could not be started; trying again in 500 ms"]);
    clock.advance(500);
    await started(2);
    expect(workers.map(({ number }) => number)).toEqual([3, 2]);
  });

  it("leaves no channel to a thread that could not be started", async () => {
    const words = new SharedArrayBuffer(8);
    const ends: MessagePort[] = [];
    const { pool, main, workers, log } = poolOf({
      startWorker: (data) => {
        if (data.number === 3) throw new Error("no memory");
        workers.push(new FakeWorker(data));
        return workers[0]!;
      },
    });
    const seat = (): SqliteSeat => {
      const { port1, port2 } = new MessageChannel();
      ends.push(port2);
      return { path: "", port: port1, words, walLoss: null };
    };
    pool.start({ ...main, seat });
    while (log.length === 0) await new Promise(setImmediate);
    await Promise.all([once(ends[1]!, "close"), once(workers[0]!.added[0]!, "close")]);
    for (const port of ends) port.close();
    expect(workers.map(({ number }) => number)).toEqual([2]);
  });

  it("keeps the counts of two threads that crash at the same time", async () => {
    const { pool, two, three } = await runningPool({ counts: true });
    const counted = (value: number): MetricReading[] => {
      const reading = { name: "sent", help: "Sent.", type: "counter", aggregator: "sum" };
      return [{ ...reading, values: [{ labels: {}, value }] }];
    };
    [two.metrics, three.metrics] = [counted(3), counted(4)];
    expect((await pool.metrics()).map(([metric]) => metric?.values[0]?.value)).toEqual([3, 4]);
    for (const worker of [two, three]) worker.emit("exit", 1);
    expect((await pool.metrics()).map(([metric]) => metric?.values[0]?.value)).toEqual([7]);
  });
});
