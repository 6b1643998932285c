import { describe, expect, it } from "vitest";
import { type LoopTime, systemLoop } from "../../../lib/clock.ts";
import type { NodeReport } from "../../cluster.ts";
import { type MemberRequest, PING, type ThreadMessage, type ThreadReply, type ThreadRequest } from "../protocol.ts";
import { Members } from "./members.ts";
import { type Port, type PortMessage, WriterPorts } from "./writer-ports.ts";

const FACTS = { host: "here", version: "1", secretsMark: "same", process: null, kinds: [] };
const REPORT: NodeReport = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 7, attempts: 8 } };

/** One end of a port whose messages are passed on by the test. */
class FakePort implements Port {
  readonly replies: ThreadMessage[] = [];
  readonly #listeners = new Map<string, (message: never) => void>();
  #lastId = 0;
  isClosed = false;

  on(event: string, listener: (message: never) => void): void {
    this.#listeners.set(event, listener);
  }

  postMessage(message: ThreadMessage): void {
    this.replies.push(message);
  }

  close(): void {
    this.isClosed = true;
  }

  /** Sends a request. Returns the reply so far; `null` if it is waiting. */
  send(request: ThreadRequest | MemberRequest): () => ThreadReply | null {
    const id = ++this.#lastId;
    this.emit("message", { id, request });
    return () => this.replies.find((reply): reply is ThreadReply => "id" in reply && reply.id === id) ?? null;
  }

  run(sql: string): () => ThreadReply | null {
    return this.send({ op: "query", sql, parameters: [] });
  }

  emit(event: "message" | "close", message?: PortMessage): void {
    this.#listeners.get(event)!(message as never);
  }

  get losses(): number {
    return this.replies.filter((reply) => "lost" in reply).length;
  }
}

/** Ports over a connection that only records its calls. */
function openPorts(fails: (request: ThreadRequest) => boolean = () => false) {
  const done: string[] = [];
  let now = 0;
  let timer: { readonly at: number; readonly callback: () => void } | null = null;
  const time: LoopTime = {
    ...systemLoop,
    monotonic: () => now,
    setTimer: (ms, callback) => {
      timer = { at: now + ms, callback };
      return () => (timer = null);
    },
  };
  const handle = (request: ThreadRequest): unknown => {
    if (fails(request)) throw new Error("refused");
    return done.push(request.op === "query" ? request.sql : request.op);
  };
  const members = new Members();
  const ports = new WriterPorts({ handle, members, earlier: () => ({ nodeId: 3, counted: 100 }), time });
  const [first, second, third] = [new FakePort(), new FakePort(), new FakePort()];
  ports.add(first);
  first.emit("message", { seat: second });
  first.emit("message", { seat: third });
  const pass = (ms: number): void => {
    now += ms;
    if (timer === null || timer.at > now) return;
    const { callback } = timer;
    timer = null;
    callback();
  };
  return { first, second, third, done, members, pass };
}

describe("the transaction of a thread", () => {
  it("keeps the requests of other threads waiting until it has ended, each thread's in order", () => {
    const { first, second, third, done } = openPorts();
    first.run("BEGIN IMMEDIATE");
    const due = second.send({ op: "backlog" });
    third.run("BEGIN IMMEDIATE");
    second.run("SELECT 2");
    third.run("INSERT 3");
    first.run("INSERT 1");
    expect(due()).toBeNull();
    first.run("COMMIT");
    expect(due()).not.toBeNull();
    expect(done).toEqual(["BEGIN IMMEDIATE", "INSERT 1", "COMMIT", "backlog", "BEGIN IMMEDIATE", "INSERT 3"]);
    third.run("ROLLBACK");
    expect(done.slice(6)).toEqual(["ROLLBACK", "SELECT 2"]);
  });

  it("does not delay readers of other threads, or requests about the threads", () => {
    const { first, second } = openPorts();
    const joined = second.send({ op: "join", facts: FACTS });
    const { id } = joined()!.value as { id: number };
    first.run("BEGIN IMMEDIATE");
    expect(second.send({ op: "settle" })()).toEqual({ id: 2, value: null });
    expect(second.send({ op: "renew", nodeId: id, report: REPORT })()).toMatchObject({ value: true });
    expect(second.send({ op: "take", nodeId: id, shards: [1] })()).toMatchObject({ value: [{ shard: 1 }] });
    expect(second.send({ op: "view" })()).toMatchObject({ value: { nodes: [{ id, leaseMs: Infinity }] } });
  });

  it("does not end a lease before the outcomes that were sent under it are recorded", () => {
    const { first, second, done, members } = openPorts();
    const { id } = second.send({ op: "join", facts: FACTS })()!.value as { id: number };
    const [lease] = second.send({ op: "take", nodeId: id, shards: [1] })()!.value as [{ shard: number; fence: number }];
    first.run("BEGIN IMMEDIATE");
    second.send({ op: "batch", batch: { accepts: [], payloads: new Uint8Array(), records: [] } });
    second.send({ op: "release", nodeId: id, shards: [1] });
    expect(members.holds(lease)).toBe(true);
    first.run("COMMIT");
    expect(done.at(-1)).toBe("batch");
    expect(members.holds(lease)).toBe(false);
  });

  it("is rolled back when the thread ends, after all its requests were processed", () => {
    const { first, second, third, done } = openPorts();
    first.run("BEGIN IMMEDIATE");
    second.send({ op: "backlog" });
    second.run("BEGIN IMMEDIATE");
    second.run("INSERT 2");
    second.emit("close");
    third.run("SELECT 3");
    first.run("COMMIT");
    expect(done.slice(2)).toEqual(["backlog", "BEGIN IMMEDIATE", "INSERT 2", "ROLLBACK", "SELECT 3"]);
    expect([first.losses, second.losses, third.losses]).toEqual([1, 0, 1]);
  });

  it("is rolled back when it waits too long for its thread while another thread waits; its late statements then fail", () => {
    const { first, second, done, pass } = openPorts();
    first.run("BEGIN IMMEDIATE");
    pass(60_000);
    const waiting = second.run("BEGIN IMMEDIATE");
    // It had been idle for long, but no other thread was waiting.
    first.run("INSERT 1");
    pass(14_000);
    expect(waiting()).toBeNull();
    pass(1000);
    expect(waiting()).not.toBeNull();
    const late = first.run("COMMIT");
    second.run("COMMIT");
    expect(late()).toMatchObject({ failure: { posthornCode: "storage_failed" } });
    expect(done).toEqual(["BEGIN IMMEDIATE", "INSERT 1", "ROLLBACK", "BEGIN IMMEDIATE", "COMMIT"]);
    first.run("ROLLBACK");
    expect(first.run("BEGIN IMMEDIATE")()).toMatchObject({ value: expect.anything() as unknown });
  });

  it("is reported to a waiting thread when it was rolled back, and is not kept open by health checks", () => {
    const { first, second, third, pass } = openPorts();
    first.run("BEGIN IMMEDIATE");
    const waiting = second.run("BEGIN IMMEDIATE");
    third.run("BEGIN IMMEDIATE");
    pass(10_000);
    expect(first.run(PING)()).toMatchObject({ value: expect.anything() as unknown });
    pass(5000);
    expect(waiting()).not.toBeNull();
    const reports = [first, second, third].map((port) => port.replies.filter((reply) => "rolledBackAfterMs" in reply));
    expect(reports).toEqual([[], [{ rolledBackAfterMs: 15_000 }], []]);
  });

  it("stays open after a failed commit until its thread rolls it back", () => {
    const { first, second, done } = openPorts((request) => request.op === "query" && request.sql === "COMMIT");
    first.run("BEGIN IMMEDIATE");
    expect(first.run("COMMIT")()).toMatchObject({ failure: { message: "refused" } });
    const waiting = second.send({ op: "backlog" });
    expect(waiting()).toBeNull();
    first.run("ROLLBACK");
    expect(done).toEqual(["BEGIN IMMEDIATE", "ROLLBACK", "backlog"]);
  });
});

describe("a thread that ends", () => {
  it("loses its memberships, shards and lock, and the other threads are notified", () => {
    const { first, second, members } = openPorts();
    const { id } = second.send({ op: "join", facts: FACTS })()!.value as { id: number };
    const [lease] = second.send({ op: "take", nodeId: id, shards: [1, 2] })()!.value as [
      { shard: number; fence: number },
    ];
    expect(second.send({ op: "lock", isTaken: true })()).toMatchObject({ value: true });
    expect(first.send({ op: "lock", isTaken: true })()).toMatchObject({ value: false });
    second.emit("close");
    expect(members.nodes()).toEqual([]);
    expect(members.holds(lease)).toBe(false);
    expect(first.send({ op: "lock", isTaken: true })()).toMatchObject({ value: true });
    expect(first.losses).toBe(1);
  });

  it("is not reported to the others if it has closed its store, which leaves the connection open", () => {
    const { first, second, done } = openPorts();
    second.send({ op: "close" });
    expect(second.isClosed).toBe(true);
    second.emit("close");
    expect(first.losses).toBe(0);
    expect(done).toEqual([]);
    first.send({ op: "close" });
    expect(done).toEqual(["close"]);
  });

  it("closes the ports of the others if it is the one that started the writer", () => {
    const { first, second, third } = openPorts();
    first.send({ op: "close" });
    expect([first.isClosed, second.isClosed, third.isClosed]).toEqual([true, true, true]);
  });
});

describe("a member", () => {
  it("has an ID above those of earlier runs, a slot of its own, and keys above those that were counted or settled", () => {
    const { first, second } = openPorts();
    const a = first.send({ op: "join", facts: FACTS })()!.value as { id: number; slot: number; keysFrom: number };
    expect(a).toMatchObject({ id: 4, keysFrom: 101 });
    first.send({ op: "renew", nodeId: a.id, report: { ...REPORT, settled: { messages: 200, attempts: 300 } } });
    const b = second.send({ op: "join", facts: FACTS })()!.value as typeof a;
    expect(b).toMatchObject({ id: 5, keysFrom: 301 });
    expect(b.slot).not.toBe(a.slot);
    // Before its first report, it has settled what is below its first key.
    const view = first.send({ op: "view" })()!.value as { nodes: { report: NodeReport }[] };
    expect(view.nodes[1]!.report.settled).toEqual({ messages: 300, attempts: 300 });
    second.send({ op: "leave", nodeId: b.id });
    expect(second.send({ op: "renew", nodeId: b.id, report: REPORT })()).toMatchObject({ value: false });
    expect(second.send({ op: "take", nodeId: b.id, shards: [1] })()).toMatchObject({ value: [] });
  });
});

describe("the membership of another thread", () => {
  it("cannot be ended until all its requests are processed", () => {
    const { first, second, members } = openPorts();
    const { id } = second.send({ op: "join", facts: FACTS })()!.value as { id: number };
    first.send({ op: "leave", nodeId: id });
    expect(members.nodes()).toHaveLength(1);
    second.emit("close");
    expect(members.nodes()).toHaveLength(0);
  });
});

describe("the lock", () => {
  it("is given to one task at a time, even within a thread, and released only by the thread that has it", () => {
    const { first, second } = openPorts();
    const take = (port: FakePort) => port.send({ op: "lock", isTaken: true })()!.value;
    expect([take(first), take(first), take(second)]).toEqual([true, false, false]);
    second.send({ op: "lock", isTaken: false });
    expect(take(second)).toBe(false);
    first.send({ op: "lock", isTaken: false });
    expect(take(second)).toBe(true);
  });
});

describe("batches that arrive in the same turn", () => {
  const shared = (accepts: number): ThreadRequest => ({
    op: "batch",
    batch: { accepts: [], payloads: new Uint8Array(), records: [], counts: { accepts, records: 0 } },
  });

  it("are committed together, and each thread gets its result", async () => {
    const { first, second, third, done } = openPorts();
    const replies = [first.send(shared(1)), second.send(shared(2)), third.send({ op: "backlog" })];
    expect(done).toEqual(["backlog"]);
    await turn();
    expect(done).toEqual(["backlog", "batch"]);
    expect(replies.map((reply) => reply() !== null)).toEqual([true, true, true]);
  });

  it("are committed before a transaction begins, a thread ends, or its shards are released", () => {
    const { first, second, third, done } = openPorts();
    second.send(shared(1));
    first.run("BEGIN IMMEDIATE");
    expect(done).toEqual(["batch", "BEGIN IMMEDIATE"]);
    first.run("COMMIT");
    second.send(shared(1));
    second.emit("close");
    expect(done.slice(2)).toEqual(["COMMIT", "batch"]);
    third.send(shared(1));
    third.send({ op: "release", nodeId: 1, shards: [1] });
    expect(done.slice(4)).toEqual(["batch"]);
  });

  it("wait for the transaction of another thread one by one", async () => {
    const { first, second, third, done } = openPorts();
    first.run("BEGIN IMMEDIATE");
    second.send(shared(1));
    third.send(shared(1));
    await turn();
    expect(done).toEqual(["BEGIN IMMEDIATE"]);
    first.run("COMMIT");
    expect(done.slice(1)).toEqual(["COMMIT", "batch", "batch"]);
  });

  it("all fail if the commit does", async () => {
    const { first, second } = openPorts((request) => request.op === "batch");
    const replies = [first.send(shared(1)), second.send(shared(1))];
    await turn();
    for (const reply of replies) expect(reply()).toMatchObject({ failure: {} });
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
