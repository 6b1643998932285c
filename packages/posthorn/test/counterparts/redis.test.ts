import { eventually } from "@posthorn/testkit";
import { isSkipped, startRedis, type TestRedis } from "@posthorn/testkit/counterparts";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BatchScene, openBatchScene, outcomeOf } from "./batch-scene.ts";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

describe.skipIf(isSkipped("redis"))("Redis streams", () => {
  let redis: TestRedis;
  let client: Redis;
  let connector: TestConnector;
  const configOf = (changes: object = {}) => ({
    url: `redis://127.0.0.1:${redis.port}/0`,
    password: redis.password,
    stream: "events",
    ...changes,
  });

  beforeAll(async () => {
    redis = await startRedis(["--maxmemory", "16mb"]);
    client = new Redis({ port: redis.port, host: "127.0.0.1", password: redis.password });
    client.on("error", () => undefined);
    connector = openConnector();
  });
  afterAll(async () => {
    client.disconnect();
    await connector[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it("receives the exact bytes, the ID and the headers, and names the entry", async () => {
    const message = messageOf(ALL_BYTES);
    const { reference } = accepted(await connector.send("redis", configOf(), message));
    const [[entry, fields]] = (await client.callBuffer("XRANGE", "events", reference!, reference!)) as [
      [Buffer, Buffer[]],
    ];
    expect(entry.toString()).toBe(reference);
    const values = new Map(
      fields.flatMap((field, index) => (index % 2 === 0 ? [[field.toString(), fields[index + 1]!]] : [])),
    );
    expect(values.get("payload")).toEqual(Buffer.from(ALL_BYTES));
    expect(values.get("id")?.toString()).toBe(message.id);
    expect(values.get("type")?.toString()).toBe("invoice.paid");
    expect(values.get("created-at")?.toString()).toBe("2026-01-02T03:04:05.000Z");
    expect(JSON.parse(values.get("headers")!.toString())).toEqual(Object.fromEntries(message.attributes));
  });

  it("stores hundreds of messages that are sent at once, each one once", async () => {
    const messages = Array.from({ length: 500 }, () => messageOf());
    const config = configOf({ stream: "many" });
    for (const result of await Promise.all(messages.map((message) => connector.send("redis", config, message))))
      accepted(result);
    expect(await client.xlen("many")).toBe(500);
  });

  it("trims the stream to the maximum length", async () => {
    const config = configOf({ stream: "short", maxLength: 100 });
    await Promise.all(Array.from({ length: 1000 }, () => connector.send("redis", config, messageOf())));
    expect(await client.xlen("short")).toBeLessThan(400);
  });

  it("rejects wrong and missing credentials, without repeating them", async () => {
    const wrong = await connector.send("redis", configOf({ password: "wrong-password" }), messageOf());
    expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
    rejected(await connector.send("redis", configOf({ password: null }), messageOf()), "closed", "credentials_refused");
  });

  it("rejects a user without permission for the stream, and accepts one with no other permission", async () => {
    await client.call("ACL", "SETUSER", "writer", "on", ">writer-secret", "~allowed", "+xadd");
    const user = { username: "writer", password: "writer-secret" };
    accepted(await connector.send("redis", configOf({ ...user, stream: "allowed" }), messageOf()));
    rejected(
      await connector.send("redis", configOf({ ...user, stream: "other" }), messageOf()),
      "closed",
      "credentials_refused",
    );
  });

  it("rejects a key that is not a stream, and a database that does not exist", async () => {
    await client.set("text", "1");
    rejected(await connector.send("redis", configOf({ stream: "text" }), messageOf()), "closed", "target_not_found");
    const url = `redis://127.0.0.1:${redis.port}/99`;
    rejected(await connector.send("redis", configOf({ url }), messageOf()), "closed", "target_not_found");
  });

  it("rejects a message that is larger than Redis accepts, and sends the next one", async () => {
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    // Redis replies and closes the connection while the client still writes: a reset can overtake the reply.
    await eventually(async () => {
      const large = await connector.send("redis", configOf(), messageOf(Buffer.alloc(2 * 1024 * 1024)));
      rejected(large, "refused", "message_too_large");
    });
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "512mb");
    await eventually(async () => accepted(await connector.send("redis", configOf(), messageOf())));
  });

  it("pauses while Redis is out of memory", async () => {
    await client.call("CONFIG", "SET", "maxmemory", "1mb");
    const result = await connector.send("redis", configOf({ stream: "full" }), messageOf("a".repeat(100_000)));
    rejected(result, "later", "target_unavailable");
    await client.call("CONFIG", "SET", "maxmemory", "64mb");
    accepted(await connector.send("redis", configOf({ stream: "full" }), messageOf()));
  });

  it("is retried when Redis is killed before it has acknowledged, and accepts again after its restart", async () => {
    accepted(await connector.send("redis", configOf(), messageOf()));
    redis.program.freeze();
    const sent = connector.send("redis", configOf(), messageOf());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await redis.program.kill();
    rejected(await sent, "retry", "connection_failed");
    rejected(await connector.send("redis", configOf(), messageOf()), "retry", "connection_failed");
    await redis.program.start();
    accepted(await connector.send("redis", configOf(), messageOf()));
  });

  it("ends at the timeout while Redis is frozen, and uses another connection afterwards", async () => {
    redis.program.freeze();
    expect(await connector.send("redis", configOf(), messageOf(), { timeoutMs: 300 })).toEqual({ kind: "timeout" });
    redis.program.unfreeze();
    accepted(await connector.send("redis", configOf(), messageOf()));
  });
});

describe.skipIf(isSkipped("redis"))("Redis streams in batches", () => {
  let redis: TestRedis;
  let client: Redis;

  const open = (stream: string, changes: object = {}): Promise<BatchScene> =>
    openBatchScene("redis", { url: `redis://127.0.0.1:${redis.port}/0`, password: redis.password, stream, ...changes });
  /** Values of a field over all entries, in the order of the stream. */
  const fieldOf = async (stream: string, name: string): Promise<readonly string[]> =>
    (await client.xrange(stream, "-", "+")).map(([, fields]) => fields[fields.indexOf(name) + 1]!);
  const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `{"n":${n}}`);

  beforeAll(async () => {
    redis = await startRedis([]);
    client = new Redis({ port: redis.port, host: "127.0.0.1", password: redis.password });
    client.on("error", () => undefined);
  });
  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  it("have every message in the order of the batch, and name the entry of each", async () => {
    await using scene = await open("ordered");
    const jobs = await scene.store(numbered(300));
    const results = await scene.send(jobs);
    expect(results.every((result) => outcomeOf(result) === "ok")).toBe(true);
    expect(await fieldOf("ordered", "id")).toEqual(jobs.map(({ publicId }) => publicId));
    const entries = (await client.xrange("ordered", "-", "+")).map(([entry]) => entry);
    expect(results.map((result) => result.kind === "made" && result.attempt.response)).toEqual(entries);
  });

  it("do not fail for messages after one that is larger than Redis accepts", async () => {
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    await using scene = await open("behind");
    const jobs = await scene.store([
      '"1"',
      '"2"',
      Buffer.alloc(2 * 1024 * 1024),
      '"3"',
      Buffer.alloc(1_048_577),
      '"4"',
    ]);
    const outcomes = (await scene.send(jobs)).map((result) => outcomeOf(result));
    // Redis replies and closes the connection while the client still writes: a reset can overtake the reply.
    const isRefused = expect.stringMatching(/^(?:message_too_large|connection_failed)$/);
    expect(outcomes).toEqual(["ok", "ok", isRefused, "ok", isRefused, "ok"]);
    expect(await fieldOf("behind", "payload")).toEqual(['"1"', '"2"', '"3"', '"4"']);
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "512mb");
  });

  it("are stored, except for one that is larger than Redis accepts, which fails permanently", async () => {
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "1mb");
    await using scene = await open("strict");
    const small = (text: string) => scene.store([`"${text}"`]);
    const jobs = [...(await small("before")), ...(await scene.store([Buffer.alloc(2 * 1024 * 1024)]))];
    const after = await small("after");
    let unsettled: readonly (typeof jobs)[number][] = [...jobs, ...after];
    // Redis replies and closes the connection while the client still writes: a reset can overtake the reply.
    await eventually(async () => {
      const results = await scene.send(unsettled);
      unsettled = unsettled.filter(
        (_, n) => outcomeOf(results[n]!) !== "ok" && outcomeOf(results[n]!) !== "message_too_large",
      );
      expect(unsettled).toEqual([]);
    });
    expect(new Set(await fieldOf("strict", "payload"))).toEqual(new Set(['"before"', '"after"']));
    await client.call("CONFIG", "SET", "proto-max-bulk-len", "512mb");
  });

  it("wait while Redis is out of memory", async () => {
    await client.call("CONFIG", "SET", "maxmemory", "1mb");
    await using scene = await open("full");
    const jobs = await scene.store(numbered(3));
    const results = await scene.send(jobs);
    expect(results.map(outcomeOf)).toEqual(["target_unavailable", "target_unavailable", "target_unavailable"]);
    for (const result of results) expect(result).toMatchObject({ retryAfterMs: 10_000 });
    await client.call("CONFIG", "SET", "maxmemory", "0");
    expect((await scene.send(jobs)).map(outcomeOf)).toEqual(["ok", "ok", "ok"]);
    expect(await client.xlen("full")).toBe(3);
  });

  it("use one attempt each when Redis is killed before it has acknowledged, and are stored when they are sent again", async () => {
    await using scene = await open("killed");
    const jobs = await scene.store(numbered(50));
    expect(outcomeOf((await scene.send(jobs.slice(0, 1)))[0]!)).toBe("ok");
    redis.program.freeze();
    const sent = scene.send(jobs.slice(1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await redis.program.kill();
    for (const result of await sent) expect(result).toMatchObject({ kind: "made", attempt: { status: 2 } });
    await redis.program.start();
    await eventually(async () => {
      expect((await scene.send(jobs.slice(1))).every((result) => outcomeOf(result) === "ok")).toBe(true);
    });
    // Redis does not recognise repetitions, and lost the data that it had not written to disk.
    expect(new Set(await fieldOf("killed", "id")).size).toBeGreaterThanOrEqual(49);
  });
});
