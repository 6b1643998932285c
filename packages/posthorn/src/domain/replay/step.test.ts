import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import {
  acceptEntry,
  attemptRecord,
  deliveryOf,
  openStore,
  successOutcome,
  type TestStore,
} from "../../../test/support/store.ts";
import { insertTask, taskOf } from "../../../test/support/task.ts";
import { REQUESTED_BY } from "../../store/schema.ts";
import type { AcceptEntry } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { runStep } from "../task/run.ts";
import { NO_FILTER, type ReplayFilter, type ReplayParams } from "./replay.ts";

const TASK = 1_000_000;

const WINDOW: ReplayParams = {
  mode: "deliveries",
  since: 0,
  until: 0,
  from: 0,
  to: 100_000,
  filter: NO_FILTER,
  endpoints: null,
  target: { kind: "same" },
  newestFirst: false,
  ratePerSecond: null,
  reason: "",
};

interface Harness extends AsyncDisposable {
  readonly files: TestStore;
  readonly services: Services;
  readonly woken: number[];
  now: number;
  /** Stores a message whose delivery to endpoint 1 has ended in this state. */
  ended(id: number, state: 1 | 2, changes?: Partial<AcceptEntry>): Promise<void>;
  /** The same for messages 1 to `count`, whose deliveries have failed. They are written together, in few transactions. */
  allFailed(count: number): Promise<void>;
  /** Records that all due deliveries have succeeded. */
  sentAgain(): Promise<void>;
  start(params: Partial<ReplayParams>, kind?: string): Promise<void>;
  /** Runs steps until there is nothing to do at this time. Returns the delay until the next step; `null` if the task has ended. */
  run(): Promise<number | null>;
  /** Messages whose delivery is due, in order. */
  due(endpoint?: number): Promise<number[]>;
}

async function harness(): Promise<Harness> {
  const files = await openStore();
  const { services: base, woken } = servicesOver(files.store);
  await insertEndpoint(base, "https://example.com/", {});
  const h = { now: 1_000_000 };
  const services = { ...base, now: () => h.now };
  let attempts = 2_000_000;
  const ended = async (id: number, state: 1 | 2, changes: Partial<AcceptEntry> = {}): Promise<void> => {
    await files.store.accept(acceptEntry(id, changes));
    const attempt = attemptRecord(++attempts, { status: state === 1 ? 0 : 2, responseCode: state === 1 ? 200 : 500 });
    await files.store.record(successOutcome(id, { state, attempt }));
  };
  const due = async (endpoint = 1): Promise<number[]> => {
    const { deliveries } = await files.store.due(endpoint, h.now, 10_000);
    return deliveries.map(({ messageId }) => messageId);
  };
  return Object.assign(h, {
    files,
    services,
    woken,
    ended,
    allFailed: async (count: number) => {
      await Promise.all(Array.from({ length: count }, (_, index) => ended(index + 1, 2)));
    },
    sentAgain: async () => {
      const sent = (await due()).map((id) => successOutcome(id, { generation: 1, trigger: 1, attempt: null }));
      await Promise.all(sent.map((outcome) => files.store.record(outcome)));
    },
    start: (params: Partial<ReplayParams>, kind = "endpoint.bulk-replay") =>
      insertTask(files.store, { id: TASK, kind, params: { ...WINDOW, ...params }, endpoints: [1] }),
    run: async () => {
      for (;;) {
        const waitMs = await runStep(services, TASK);
        if (waitMs !== 0) return waitMs;
      }
    },
    due,
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  });
}

describe("a replay of deliveries", () => {
  it("makes matching deliveries due, counts skipped ones by reason, and ends", async () => {
    await using h = await harness();
    await h.ended(1, 2, { eventType: "a" });
    await h.ended(2, 1, { eventType: "a" });
    await h.ended(3, 2, { eventType: "b" });
    await h.ended(4, 2, { eventType: "a" });
    await h.files.store.transaction(({ db }) =>
      db.updateTable("message").set({ payload: null }).where("id", "=", 4).execute(),
    );
    // Not attempted yet, so it will be sent anyway.
    await h.files.store.accept(acceptEntry(5, { eventType: "a", due: h.now }));
    await h.start({ filter: { ...NO_FILTER, eventTypes: ["a"] } });
    expect(await h.run()).toBeNull();
    expect(await h.due()).toEqual([1, 2, 5]);
    expect(await taskOf(h.files.store, TASK)).toMatchObject({
      status: "finished",
      data: { messagesSent: 2, scanned: 5, matched: 4, payloadGone: 1, alreadyDue: 1 },
    });
    expect(await deliveryOf(h.files.store, 1)).toMatchObject({ manual: REQUESTED_BY.recovery, generation: 1 });
    // It has already succeeded, so another attempt is requested regardless of the result of one in flight.
    expect(await deliveryOf(h.files.store, 2)).toMatchObject({ manual: REQUESTED_BY.replay, generation: 1 });
    expect(h.woken).toEqual([1]);
  });

  it("filters by delivery status, class of the last status code, channel and tag", async () => {
    await using h = await harness();
    const marked = { channelsJson: '["red","blue"]', tagsJson: '["x"]' };
    await h.ended(1, 2, marked);
    await h.ended(2, 1, marked);
    await h.ended(3, 2);
    const dueWith = async (filter: Partial<ReplayFilter>): Promise<number[]> => {
      await h.files.store.transaction(async ({ db }) => {
        await db.updateTable("delivery").set({ due: null, manual: 0 }).execute();
        await db.deleteFrom("task").execute();
        await db.deleteFrom("task_part").execute();
      });
      await h.start({ filter: { ...NO_FILTER, ...filter } });
      await h.run();
      return h.due();
    };
    expect(await dueWith({ statuses: [0] })).toEqual([2]);
    expect(await dueWith({ statuses: [0, 2] })).toEqual([1, 2, 3]);
    expect(await dueWith({ statuses: [1, 3, 4] })).toEqual([]);
    expect(await dueWith({ statusCodeClasses: [500] })).toEqual([1, 3]);
    expect(await dueWith({ statusCodeClasses: [0, 200] })).toEqual([2]);
    expect(await dueWith({ channels: ["green", "blue"] })).toEqual([1, 2]);
    expect(await dueWith({ channels: ["green"] })).toEqual([]);
    expect(await dueWith({ tags: ["x"], statuses: [2] })).toEqual([1]);
  });

  it("adds no deliveries while the endpoint has enough due, continues when there is room, and never fills its lane", async () => {
    await using h = await harness();
    await h.allFailed(1200);
    await h.start({});
    expect(await h.run()).toBeGreaterThan(0);
    expect(await h.due()).toHaveLength(500);
    expect((await taskOf(h.files.store, TASK)).data).toMatchObject({ messagesSent: 500, waitingSince: h.now });
    await h.sentAgain();
    expect(await h.run()).toBeGreaterThan(0);
    expect(await h.due()).toEqual(Array.from({ length: 500 }, (_, index) => 501 + index));
  });

  it("checks for space at increasing intervals while there is none, and frequently again afterwards", async () => {
    await using h = await harness();
    await h.allFailed(1100);
    await h.start({});
    const waits: number[] = [];
    for (const since of [0, 500, 5000, 60_000, 86_400_000]) {
      h.now = 1_000_000 + since;
      waits.push((await h.run())!);
    }
    expect(waits).toEqual([100, 100, 500, 6000, 30_000]);
    await h.sentAgain();
    expect(await h.run()).toBe(100);
    expect(await h.due()).toHaveLength(500);
  });

  it("keeps its rate however often it runs, and does not catch up after a pause", async () => {
    await using h = await harness();
    await h.allFailed(100);
    await h.start({ ratePerSecond: 10 });
    const sentAfter = async (ms: number): Promise<unknown> => {
      h.now += ms;
      await h.run();
      return (await taskOf(h.files.store, TASK)).data["messagesSent"];
    };
    // The clock was set back, so the task was created in the future. It continues nevertheless.
    const first = Number(await sentAfter(0));
    expect(first).toBe(1);
    expect(await sentAfter(99)).toBe(first);
    expect(await sentAfter(1)).toBe(first + 1);
    expect(await sentAfter(500)).toBe(first + 6);
    expect(await sentAfter(60_000)).toBe(first + 16);
  });

  it("can start with the newest deliveries", async () => {
    await using h = await harness();
    await h.allFailed(700);
    await h.start({ newestFirst: true });
    await h.run();
    expect(Math.min(...(await h.due()))).toBe(201);
  });

  it("scans a bounded number of rows per step, however rare matches are", async () => {
    await using h = await harness();
    const later = { due: h.now + 1 };
    const statements = Array.from({ length: 3000 }, (_, index) => h.files.store.accept(acceptEntry(index + 1, later)));
    await Promise.all(statements);
    await h.start({ filter: { ...NO_FILTER, eventTypes: ["never"] } });
    expect(await runStep(h.services, TASK)).toBe(0);
    expect((await taskOf(h.files.store, TASK)).data).toMatchObject({ scanned: 1000, matched: 0 });
    expect(await h.run()).toBeNull();
    expect((await taskOf(h.files.store, TASK)).data).toMatchObject({ scanned: 3000, messagesSent: 0 });
  });

  it("does not request an attempt again that another replay has already requested", async () => {
    await using h = await harness();
    await h.ended(1, 2);
    await h.start({});
    await h.run();
    const before = await deliveryOf(h.files.store, 1);
    await h.files.store.transaction(async ({ db }) => {
      await db.deleteFrom("task").execute();
      await db.deleteFrom("task_part").execute();
    });
    await h.start({});
    await h.run();
    expect(await deliveryOf(h.files.store, 1)).toEqual(before);
    expect((await taskOf(h.files.store, TASK)).data).toMatchObject({ messagesSent: 0, alreadyDue: 1 });
  });

  it("fails with a reason when its endpoint is deleted", async () => {
    await using h = await harness();
    await h.ended(1, 2);
    await h.start({});
    await h.files.store.transaction(({ db }) => db.updateTable("endpoint").set({ deleted_at: 1 }).execute());
    h.services.directory.invalidate(1);
    expect(await h.run()).toBeNull();
    const { status, data } = await taskOf(h.files.store, TASK);
    expect([status, data["error"], data["messagesSent"]]).toEqual([
      "failed",
      "The endpoint was deleted before the end.",
      0,
    ]);
  });
});

describe("a replay of missing messages", () => {
  it("creates a delivery for each missing message that matches, with the full retry schedule and not before its delayed time", async () => {
    await using h = await harness();
    await h.files.store.accept(acceptEntry(1, { endpointIds: [] }));
    await h.ended(2, 2);
    await h.files.store.accept(acceptEntry(3, { endpointIds: [], deliverAt: h.now + 5000 }));
    await h.start({ mode: "missing", endpoints: [{ key: 1, id: "ep_1" }] }, "endpoint.replay");
    expect(await h.run()).toBeNull();
    expect(await h.due()).toEqual([1]);
    expect(await deliveryOf(h.files.store, 1)).toMatchObject({ manual: REQUESTED_BY.schedule, attempts: 0 });
    expect(await deliveryOf(h.files.store, 3)).toMatchObject({ due: h.now + 5000 });
    expect((await taskOf(h.files.store, TASK)).data).toMatchObject({ messagesSent: 2, scanned: 3, matched: 2 });
  });
});
