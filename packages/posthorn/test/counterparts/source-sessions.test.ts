/** State of sources at their brokers: sessions and consumer groups, which are removed when nothing reads them. */
import { eventually } from "@posthorn/testkit";
import {
  isSkipped,
  startMosquitto,
  startRedis,
  type TestMosquitto,
  type TestRedis,
} from "@posthorn/testkit/counterparts";
import { Redis } from "ioredis";
import { connect, type IConnackPacket } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SourceScene } from "../sources/scene.ts";
import type { TestSource } from "../support/gateway.ts";

const HOUR_MS = 3_600_000;

let scene: SourceScene;
beforeAll(async () => {
  scene = await SourceScene.start();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function connected(kind: string, config: object): Promise<TestSource> {
  const source = await scene.gateway.source({ kind, config }, false);
  await running(source);
  return source;
}

async function running(source: TestSource): Promise<void> {
  await eventually(async () => expect(await scene.state(source)).toMatchObject({ state: "running", error: null }), {
    timeoutMs: 60_000,
  });
}

async function change(source: TestSource, kind: string, config: object): Promise<void> {
  const body = { name: "Test source", kind, config };
  const { status } = await scene.gateway.call("PUT", `ingest/api/v1/source/${source.id}`, body);
  expect(status).toBe(200);
}

async function remove(source: TestSource): Promise<void> {
  await scene.gateway.call("DELETE", `ingest/api/v1/source/${source.id}`);
}

/** Sessions that have yet to be removed. */
async function left(): Promise<readonly { readonly attempts: number }[]> {
  return scene.gateway.node.services.store.db.selectFrom("source_session").select("attempts").execute();
}

const noneLeft = (): Promise<void> => eventually(async () => expect(await left()).toEqual([]), { timeoutMs: 30_000 });

describe.skipIf(isSkipped("redis"))("the consumer group of a Redis source", () => {
  let broker: TestRedis;
  let client: Redis;
  beforeAll(async () => {
    broker = await startRedis();
    client = new Redis({ host: "127.0.0.1", port: broker.port, password: broker.password, maxRetriesPerRequest: null });
    client.on("error", () => undefined);
  });
  afterAll(async () => {
    client.disconnect();
    await broker[Symbol.asyncDispose]();
  });
  const configOf = (stream: string) => ({
    url: `redis://127.0.0.1:${broker.port}`,
    password: broker.password,
    stream,
  });
  const groups = async (stream: string): Promise<readonly unknown[]> =>
    ((await client.xinfo("GROUPS", stream)) as readonly (readonly unknown[])[]).map(([, name]) => name);

  it("is removed when the source reads another stream", async () => {
    const source = await connected("redis", configOf("before"));
    expect(await groups("before")).toEqual([`posthorn-${source.id}`]);
    await change(source, "redis", configOf("after"));
    await noneLeft();
    await running(source);
    expect(await groups("before")).toEqual([]);
    expect(await groups("after")).toEqual([`posthorn-${source.id}`]);
  });

  it("is removed after the broker was unavailable, and is kept if the source uses it again by then", async () => {
    const gone = await connected("redis", configOf("gone"));
    const back = await connected("redis", configOf("first"));
    await broker.program.kill();
    await remove(gone);
    await change(back, "redis", configOf("second"));
    await eventually(async () => expect((await left()).map(({ attempts }) => attempts > 0)).toEqual([true, true]), {
      timeoutMs: 60_000,
    });
    await change(back, "redis", configOf("first"));
    await broker.program.start();
    scene.clock.set(scene.clock.now() + HOUR_MS);
    await noneLeft();
    await running(back);
    expect(await groups("gone")).toEqual([]);
    expect(await groups("first")).toEqual([`posthorn-${back.id}`]);
    const id = await client.xadd("first", "*", "n", "1");
    await eventually(async () => expect(await scene.messages(back)).toMatchObject([{ eventId: id }]));
  });
});

describe.skipIf(isSkipped("mosquitto"))("the session of an MQTT source", () => {
  let broker: TestMosquitto;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker[Symbol.asyncDispose]());
  const configOf = (clientId: string) => ({ url: `mqtt://127.0.0.1:${broker.port}`, topics: "a", clientId });

  /** Whether the broker has a session. The check takes over the session. */
  async function hasSession(clientId: string): Promise<boolean> {
    const client = connect(`mqtt://127.0.0.1:${broker.port}`, {
      protocolVersion: 5,
      clean: false,
      clientId,
      properties: { sessionExpiryInterval: 0 },
      reconnectPeriod: 0,
    });
    const { sessionPresent } = await new Promise<IConnackPacket>((resolve) => void client.once("connect", resolve));
    await client.endAsync(true);
    return sessionPresent;
  }

  it("is removed when the source is deleted, and when it gets another client ID", async () => {
    const deleted = await connected("mqtt", configOf("deleted"));
    const changed = await connected("mqtt", configOf("before"));
    await remove(deleted);
    await change(changed, "mqtt", configOf("after"));
    await noneLeft();
    await running(changed);
    expect(await hasSession("deleted")).toBe(false);
    expect(await hasSession("before")).toBe(false);
    expect(await hasSession("after")).toBe(true);
  });

  it("is kept if another source has the same client ID", async () => {
    const deleted = await connected("mqtt", configOf("shared"));
    await scene.gateway.call("POST", `ingest/api/v1/source/${deleted.id}/pause`);
    await connected("mqtt", configOf("shared"));
    await remove(deleted);
    await noneLeft();
    expect(await hasSession("shared")).toBe(true);
  });
});
