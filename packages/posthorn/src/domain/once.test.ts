import { describe, expect, it } from "vitest";
import { systemActor } from "./access.ts";
import { openStore, type TestStore } from "../../test/support/store.ts";
import { servicesOver } from "../../test/support/services.ts";
import type { OutsideContext } from "./context.ts";
import { idempotencyKey } from "./idempotency.ts";
import { ClaimedRequests, type StoredResponse, onceInTransaction } from "./once.ts";

const HOUR = 3_600_000;

interface Scene {
  readonly ctx: OutsideContext;
  /** Milliseconds by which the clock of the node has advanced. */
  clock: number;
  readonly key: NonNullable<ReturnType<typeof idempotencyKey>>;
}

/** Services over a store. @param alone Whether no other node uses the database. */
function sceneOver({ store }: TestStore, alone: boolean): Scene {
  const { services } = servicesOver(store);
  const start = Date.now();
  const scene: Scene = {
    clock: 0,
    ctx: {
      services: { ...services, now: () => start + scene.clock, cluster: { ...services.cluster, alone } },
      actor: systemActor(1, "org_1"),
      tx: null,
    },
    key: idempotencyKey("key", "token", "/", start)!,
  };
  return scene;
}

/** A handler that counts its runs, and ends when the test decides. */
class Handler {
  runs = 0;
  readonly begun = Promise.withResolvers<void>();
  readonly gate = Promise.withResolvers<void>();

  readonly handle = async (): Promise<StoredResponse> => {
    const run = ++this.runs;
    this.begun.resolve();
    await this.gate.promise;
    return { status: 200, json: `{"run":${run}}` };
  };
}

/** Starts a request that never ends, as after a crash of its process. */
async function leaveClaim(ctx: Scene["ctx"], key: Scene["key"]): Promise<void> {
  const dead = new Handler();
  void new ClaimedRequests().once(ctx, key, dead.handle);
  await dead.begun.promise;
}

const FIRST = { status: 200, json: '{"run":1}' };

describe("a claimed request", () => {
  it("does not block the database while its handler waits", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, true);
    const handler = new Handler();
    const running = new ClaimedRequests().once(ctx, key, handler.handle);
    await handler.begun.promise;
    await ctx.services.store.transaction(async ({ db }) => db.selectFrom("application").select("id").execute());
    handler.gate.resolve();
    expect(await running).toEqual(FIRST);
  });

  it("runs once when it arrives 10 times at once, and all callers get the same response", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, true);
    const handler = new Handler();
    const claims = new ClaimedRequests();
    const running = Array.from({ length: 10 }, () => claims.once(ctx, key, handler.handle));
    handler.gate.resolve();
    expect(new Set((await Promise.all(running)).map(({ json }) => json))).toEqual(new Set(['{"run":1}']));
    expect(handler.runs).toBe(1);
  });

  it("keeps its response for a later process", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    const handler = new Handler();
    handler.gate.resolve();
    await new ClaimedRequests().once(ctx, key, handler.handle);
    expect(await new ClaimedRequests().once(ctx, key, handler.handle)).toEqual(FIRST);
    expect(handler.runs).toBe(1);
  });

  it("does not keep a failure, so the next request with the key runs", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    const claims = new ClaimedRequests();
    await expect(claims.once(ctx, key, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    const handler = new Handler();
    handler.gate.resolve();
    expect(await claims.once(ctx, key, handler.handle)).toEqual(FIRST);
  });

  it("is a conflict while another node runs it, and returns that node's response afterwards", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    const handler = new Handler();
    const [node, other] = [new ClaimedRequests(), new ClaimedRequests()];
    const running = node.once(ctx, key, handler.handle);
    await handler.begun.promise;
    await expect(other.once(ctx, key, handler.handle)).rejects.toMatchObject({ code: "conflict" });
    handler.gate.resolve();
    await running;
    expect(await other.once(ctx, key, handler.handle)).toEqual(FIRST);
    expect(handler.runs).toBe(1);
  });

  it("of a process that has ended runs again immediately when there is no other node", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, true);
    await leaveClaim(ctx, key);
    expect(await new ClaimedRequests().once(ctx, key, () => Promise.resolve(FIRST))).toEqual(FIRST);
  });

  it("of a node that has ended is taken over by another node after 2 minutes", async () => {
    await using opened = await openStore();
    const scene = sceneOver(opened, false);
    await leaveClaim(scene.ctx, scene.key);
    const again = () => new ClaimedRequests().once(scene.ctx, scene.key, () => Promise.resolve(FIRST));
    await expect(again()).rejects.toMatchObject({ code: "conflict" });
    scene.clock = 121_000;
    expect(await again()).toEqual(FIRST);
  });

  it("whose key was taken over does not replace the response of the other node", async () => {
    await using opened = await openStore();
    const scene = sceneOver(opened, false);
    const slow = new Handler();
    const running = new ClaimedRequests().once(scene.ctx, scene.key, slow.handle);
    await slow.begun.promise;
    scene.clock = 121_000;
    const response = { status: 200, json: '"second"' };
    await new ClaimedRequests().once(scene.ctx, scene.key, () => Promise.resolve(response));
    slow.gate.resolve();
    expect(await running).toEqual(FIRST);
    expect(await new ClaimedRequests().once(scene.ctx, scene.key, slow.handle)).toEqual(response);
  });

  it("is found again after the bucket of its key has changed", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    const handler = new Handler();
    handler.gate.resolve();
    await new ClaimedRequests().once(ctx, key, handler.handle);
    const later = idempotencyKey("key", "token", "/", Date.now() + 7 * HOUR)!;
    expect(later.buckets[0]).not.toBe(key.buckets[0]);
    expect(await new ClaimedRequests().once(ctx, later, handler.handle)).toEqual(FIRST);
    expect(handler.runs).toBe(1);
  });
});

describe("a request that is handled in one transaction", () => {
  it("runs once when it arrives 10 times at once, and all callers get the same response", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    let runs = 0;
    const handle = async (): Promise<StoredResponse> => ({ status: 201, json: `{"run":${++runs}}` });
    const responses = await Promise.all(Array.from({ length: 10 }, () => onceInTransaction(ctx, key, handle)));
    expect(new Set(responses.map(({ json }) => json))).toEqual(new Set(['{"run":1}']));
    expect(runs).toBe(1);
  });

  it("has no effect when it fails", async () => {
    await using opened = await openStore();
    const { ctx, key } = sceneOver(opened, false);
    await expect(onceInTransaction(ctx, key, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    const response = { status: 204, json: null };
    expect(await onceInTransaction(ctx, key, () => Promise.resolve(response))).toEqual(response);
  });
});
