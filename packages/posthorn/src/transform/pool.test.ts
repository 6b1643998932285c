import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TransformPool, type TransformPoolOptions } from "./pool.ts";
import type { TransformRun } from "./types.ts";

const pools: TransformPool[] = [];

function poolOf(changes: Partial<TransformPoolOptions> = {}): TransformPool {
  const pool = new TransformPool({
    threads: 2,
    cpuMs: 500,
    killMs: 20_000,
    memoryBytes: 32 * 1024 * 1024,
    outputBytes: 1_000_000,
    maxQueued: 100,
    maxQueuedBytes: 1_000_000,
    onError: () => undefined,
    ...changes,
  });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
});

const webhook = {
  id: "msg_1",
  url: "https://example.com/",
  eventType: "a",
  eventId: null,
  channels: null,
  tags: null,
  time: 0,
};
const runOf = (body: string, payload = "{}"): TransformRun => ({
  code: `function handler(webhook) { ${body} }`,
  variables: {},
  webhook,
  payload: Buffer.from(payload),
  contentType: "application/json",
});
const LOOP = runOf("for (;;);");
const FINE = runOf("return webhook;");
const at = (endpoint: number, tenant = endpoint) => ({ tenant, endpoint });

describe("the pool of transformations", () => {
  it("runs code in a thread, and checks code", async () => {
    const pool = poolOf();
    expect(await pool.run(FINE, at(1))).toMatchObject({ kind: "returned" });
    expect(await pool.check("function handler(w) { return w; }", at(1))).toBeNull();
    expect(await pool.check("nope(", at(1))).toMatchObject({ reason: "syntax" });
  });

  it("always keeps a thread free for others while the code of one endpoint loops", async () => {
    const pool = poolOf({ cpuMs: 60_000, killMs: 60_000 });
    const ended: number[] = [];
    const loops = [1, 2, 3].map(() => pool.run(LOOP, at(1)).then(() => ended.push(1)));
    // These end while the first loop is still running, so only the other thread can have run them.
    for (let n = 0; n < 5; n++) expect(await pool.run(FINE, at(2))).toMatchObject({ kind: "returned" });
    expect(ended).toEqual([]);
    await pool[Symbol.asyncDispose]();
    await Promise.all(loops);
  });

  it("serves tenants round robin, so that many runs of one do not delay another", async () => {
    const pool = poolOf({ threads: 1 });
    const order: string[] = [];
    const run = (tenant: number, endpoint: number) =>
      pool.run(FINE, { tenant, endpoint }).then(() => order.push(`${tenant}/${endpoint}`));
    const all = [run(1, 1), run(1, 1), run(1, 1), run(1, 1), run(2, 2), run(1, 3)];
    await Promise.all(all);
    expect(order).toEqual(["1/1", "1/1", "2/2", "1/3", "1/1", "1/1"]);
  });

  it("kills a thread that does not respond, and continues with a new one", async () => {
    // Also limits the next run, which starts a thread.
    const pool = poolOf({ threads: 1, cpuMs: 1e9, killMs: 3000 });
    expect(await pool.run(LOOP, at(1))).toMatchObject({
      kind: "failed",
      reason: "timeout",
      message: expect.stringContaining("stopped from outside"),
    });
    expect(await pool.run(FINE, at(1))).toMatchObject({ kind: "returned" });
  });

  it("continues with a new thread after code that broke its sandbox or filled its memory", async () => {
    const pool = poolOf({ threads: 1 });
    const hostile = [
      runOf("return JSON.parse('['.repeat(1e6));"),
      runOf("let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; webhook.payload = o; return webhook;"),
      runOf("const a = []; for (;;) a.push(new Array(1000).fill(1));"),
    ];
    for (const run of hostile) {
      expect(await pool.run(run, at(1))).toMatchObject({ kind: "failed" });
      expect(await pool.run(FINE, at(1))).toMatchObject({ kind: "returned" });
    }
  });

  it("posts the bytes of the payload to the thread, not the buffer that they are part of", async () => {
    const pool = poolOf({ threads: 1 });
    const post = vi.spyOn(Worker.prototype, "postMessage");
    const page = Buffer.from(`[${"1,".repeat(50_000)}1]{"n":1}`);
    const run = { ...runOf("webhook.payload.n++; return webhook;"), payload: page.subarray(-7) };
    expect(await pool.run(run, at(1))).toMatchObject({ payload: { text: '{"n":2}' } });
    expect(
      post.mock.calls.map(([message]) => (message as { run: TransformRun }).run.payload.buffer.byteLength),
    ).toEqual([7]);
    post.mockRestore();
  });

  it("rejects runs that exceed the queue limits, and accepts more once there is room", async () => {
    const pool = poolOf({ threads: 1, maxQueued: 2 });
    const results = await Promise.all([1, 2, 3, 4].map((endpoint) => pool.run(FINE, at(endpoint))));
    expect(results.map(({ kind }) => kind)).toEqual(["returned", "returned", "returned", "busy"]);
    expect(await pool.run(FINE, at(1))).toMatchObject({ kind: "returned" });
    const bytes = poolOf({ threads: 1, maxQueuedBytes: 500 });
    const large = runOf("return webhook;", JSON.stringify("x".repeat(400)));
    const [first, second, third] = await Promise.all([1, 2, 3].map((endpoint) => bytes.run(large, at(endpoint))));
    expect([first!.kind, second!.kind, third!.kind]).toEqual(["returned", "returned", "busy"]);
  });

  it("drops runs that are aborted, and all runs when it is closed", async () => {
    const pool = poolOf({ threads: 1, cpuMs: 60_000, killMs: 60_000 });
    const loop = pool.run(LOOP, at(1));
    const stop = new AbortController();
    const waiting = pool.run(FINE, at(2), stop.signal);
    stop.abort();
    expect(await waiting).toEqual({ kind: "busy" });
    expect(await pool.run(FINE, at(2), AbortSignal.abort())).toEqual({ kind: "busy" });
    const last = pool.run(FINE, at(3));
    await pool[Symbol.asyncDispose]();
    expect(await loop).toEqual({ kind: "busy" });
    expect(await last).toEqual({ kind: "busy" });
    expect(await pool.run(FINE, at(1))).toEqual({ kind: "busy" });
  });

  it("converts bodies, rejects one that cannot be converted, and still works after that", async () => {
    const pool = poolOf({ threads: 1 });
    const json = (text: string) => ({ bytes: Buffer.from(text), contentType: "application/json" });
    const conversion = { body: json('{"a":1.0}'), to: "xml", xmlRoot: "m" } as const;
    const turn = { tenant: 1, endpoint: 1 };
    const made = await pool.convert(conversion, turn);
    expect(made).toMatchObject({ kind: "converted", body: { contentType: "application/xml; charset=utf-8" } });
    expect(Buffer.from((made as { body: { bytes: Uint8Array } }).body.bytes).toString()).toContain("<m><a>1.0</a></m>");
    expect(await pool.convert({ ...conversion, body: json("{") }, turn)).toMatchObject({ kind: "refused" });
    expect(await pool.run(runOf("return webhook;"), turn)).toMatchObject({ kind: "returned" });
  });
});
