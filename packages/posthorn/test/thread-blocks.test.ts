/** A thread that is blocked in a system call: it cannot be terminated, and `process.exit` would wait for it. */
import { eventually, startReceiver, startServer } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import { temporaryFolder } from "./support/store.ts";
import { BlockingPipe, Connection, startThreadedNode } from "./support/threaded-node.ts";

const PING_MS = 5000;
/** The other thread owns some of them. */
const ENDPOINTS = 8;
const ENV = { POSTHORN_THREADS: "2", POSTHORN_SHUTDOWN_TIMEOUT: "0" };

it("is reported while the others accept and deliver, and a stop completes without it", async () => {
  using folder = temporaryFolder();
  await using receiver = await startReceiver();
  const clock = new ManualClock();
  using pipe = new BlockingPipe(folder.path);
  await using threads = await startThreadedNode(ENV, { time: clock, startWorker: pipe.startWorker, stopMs: 1000 });
  const { node, pool, token } = threads;
  await eventually(() => expect(pool.running).toBe(1));
  using main = await connectionTo(1, node.url, token);
  await main.call(token, "POST", "app", { name: "Test", uid: "app" });
  for (let number = 0; number < ENDPOINTS; number++)
    await main.call(token, "POST", "app/app/endpoint", { url: `${receiver.url}/${number}` });
  await pipe.block();
  for (let ping = 0; ping < 12; ping++) clock.advance(PING_MS);
  expect(pool.health.problems).toEqual([{ thread: 2, state: "hung" }]);
  const ready = await main.get("/health/ready");
  expect(ready).toMatchObject({ status: 200, json: { threads: [{ thread: 2, state: "hung" }] } });
  const { status, json } = await main.call(token, "POST", "app/app/msg", { eventType: "a", payload: {} });
  expect(status).toBe(202);
  const { headers } = await receiver.waitFor(() => true);
  expect(headers["webhook-id"]).toBe(json["id"]);
  const stopped = pool.stop();
  await eventually(() => {
    clock.advance(1000);
    expect(pool.kept).toEqual([2]);
  });
  await stopped;
});

it("does not block the process: on SIGTERM, it exits by itself, with a code for a thread that did not stop", async () => {
  using folder = temporaryFolder();
  using pipe = new BlockingPipe(folder.path);
  await using server = await startServer({ env: { ...ENV, NODE_OPTIONS: pipe.flag }, allowErrors: true, exitCode: 1 });
  await eventually(() => expect(server.log).toContain("thread 2 of 2 runs"));
  await pipe.block();
  expect(await server.stop()).toEqual({ code: 1, signal: null });
  expect(server.log).toContain('"code":"thread_kept"');
});

/** A connection that this thread has accepted. */
async function connectionTo(thread: number, url: string, token: string): Promise<Connection> {
  return eventually(async () => {
    const connection = new Connection(url);
    const { json } = await connection.call(token, "GET", "cluster");
    const nodes = json["nodes"] as { thread: number; current: boolean }[];
    if (nodes.find(({ current }) => current)?.thread === thread) return connection;
    connection[Symbol.dispose]();
    throw new Error("another thread accepted the connection");
  });
}
