import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, openStore, successOutcome, type TestStore } from "../../../test/support/store.ts";
import { insertTask } from "../../../test/support/task.ts";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import { decodeCursor } from "./position.ts";
import { readWatermark, Watermarks, type WatermarkSources } from "./watermark.ts";

const CATCH_UP = { mode: "missing", isCatchUp: true };
const KEY = keyAtTime(1_700_000_000_000);

interface Harness extends AsyncDisposable {
  readonly files: TestStore;
  readonly sources: WatermarkSources;
  readonly looks: number;
  /** Key of the last message that the watermark of the endpoint covers. */
  covered(): Promise<number>;
}

async function harness(end = KEY + 100): Promise<Harness> {
  const files = await openStore();
  const { services } = servicesOver(files.store);
  await insertEndpoint(services, "https://example.com/", {});
  let looks = 0;
  const horizon = () => {
    looks++;
    return Promise.resolve(end);
  };
  const sources = { db: () => files.store.db, horizon, now: () => 1_700_000_000_000 };
  return {
    files,
    sources,
    get looks() {
      return looks;
    },
    covered: async () => keyIn(await readWatermark(sources, 1)),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

async function insertSubscription(store: TestStore["store"], updatedAt: number): Promise<void> {
  const lease = { lease_seconds: 60, lease_until: updatedAt + 60_000, created_at: updatedAt, updated_at: updatedAt };
  const hashes = { target_hash: Buffer.from("target"), token_hash: null, verified_hash: null };
  const row = { id: 1, public_id: "sub_1", app_id: 1, protocol: "mcp", topic_id: null, endpoint_id: 1 } as const;
  await store.transaction(({ db }) =>
    db
      .insertInto("subscription")
      .values({ ...row, ...hashes, principal: "organisation", ...lease })
      .execute(),
  );
}

function keyIn(cursor: string): number {
  return decodeCursor({ appKey: 1, endpointKey: 0 }, cursor, []).key;
}

describe("the watermark of an endpoint", () => {
  it("is before the first delivery that has not ended, except that of the request", async () => {
    await using h = await harness();
    expect(await h.covered()).toBe(KEY + 99);
    for (const key of [KEY + 10, KEY + 20]) await h.files.store.accept(acceptEntry(key));
    expect(await h.covered()).toBe(KEY + 9);
    await h.files.store.record(successOutcome(KEY + 10));
    expect(await h.covered()).toBe(KEY + 19);
  });

  it("is not before the messages that retention has deleted if no feed was read yet", async () => {
    await using h = await harness(0);
    const row = { name: "message", cursor: KEY - 500 };
    await h.files.store.transaction(({ db }) => db.insertInto("sweep").values(row).execute());
    expect(await h.covered()).toBe(KEY - 500);
    await h.files.store.accept(acceptEntry(KEY - 900));
    expect(await h.covered()).toBe(KEY - 901);
  });

  it.each(["running", "paused"])("is the position of a %s catch-up, and not that of its deliveries", async (status) => {
    await using h = await harness();
    await insertTask(h.files.store, {
      id: KEY,
      kind: "endpoint.replay",
      params: { ...CATCH_UP, from: KEY + 5, to: KEY + 50 },
      endpoints: [1],
    });
    await h.files.store.transaction(({ db }) => db.updateTable("task").set({ status }).execute());
    expect(await h.covered()).toBe(KEY + 4);
    // A delivery of a later message does not hide missing earlier messages.
    await h.files.store.accept(acceptEntry(KEY + 60));
    expect(await h.covered()).toBe(KEY + 4);
    await h.files.store.transaction(({ db }) =>
      db
        .updateTable("task_part")
        .set({ cursor: KEY + 30 })
        .execute(),
    );
    expect(await h.covered()).toBe(KEY + 30);
    await h.files.store.transaction(({ db }) => db.updateTable("task_part").set({ done: 1 }).execute());
    expect(await h.covered()).toBe(KEY + 59);
  });

  it("stays where a catch-up was canceled until the client renews its subscription and is told", async () => {
    await using h = await harness();
    const params = { ...CATCH_UP, from: KEY + 5, to: KEY + 50 };
    await insertTask(h.files.store, { id: KEY, kind: "endpoint.replay", params, endpoints: [1] });
    await insertSubscription(h.files.store, 1_700_000_000_000);
    await h.files.store.transaction(({ db }) =>
      db.updateTable("task").set({ status: "canceled", ended_at: 1_700_000_005_000 }).execute(),
    );
    await h.files.store.accept(acceptEntry(KEY + 60));
    expect(await h.covered()).toBe(KEY + 4);
    await h.files.store.transaction(({ db }) =>
      db.updateTable("subscription").set({ updated_at: 1_700_000_009_000 }).execute(),
    );
    expect(await h.covered()).toBe(KEY + 59);
  });

  it("ignores the catch-ups of other endpoints, and replays that a person started", async () => {
    await using h = await harness();
    const params = { from: KEY + 5, to: KEY + 50 };
    await insertTask(h.files.store, { id: KEY, params: { ...CATCH_UP, ...params }, endpoints: [2] });
    await insertTask(h.files.store, { id: KEY + 1, params: { mode: "missing", ...params }, endpoints: [1] });
    expect(await h.covered()).toBe(KEY + 99);
  });

  it("stays where the endpoint was disabled", async () => {
    await using h = await harness();
    const at = timeOfKey(KEY) - 4000;
    await h.files.store.transaction(({ db }) =>
      db
        .updateTable("endpoint")
        .set({ disabled: 1, disabled_json: JSON.stringify({ trigger: "automatic", at, reason: null, failSince: at }) })
        .execute(),
    );
    expect(await h.covered()).toBe(keyAtTime(at) - 1);
  });

  it("is looked up once for concurrent requests", async () => {
    await using h = await harness();
    const watermarks = new Watermarks(h.sources);
    const before = h.looks;
    await Promise.all(Array.from({ length: 10 }, () => watermarks.cursorWith(1, "msg_2")));
    expect(h.looks - before).toBe(1);
  });
});
