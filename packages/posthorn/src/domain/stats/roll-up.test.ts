import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, onPostgres, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { percentile } from "./histogram.ts";
import { HOUR_MS, rollUp } from "./roll-up.ts";
import { countsOf } from "./rows.ts";

const START = Date.UTC(2026, 0, 1);
const { signal } = new AbortController();
const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };

interface Try {
  /** Milliseconds from the message to the attempt. */
  readonly after: number;
  readonly status: 0 | 2;
  readonly errorCode?: string;
  readonly trigger?: 0 | 1;
  /** State of the delivery after it; absent: pending. */
  readonly state?: 0 | 1 | 2;
}

/** Stores a message for endpoint 1 at this time, with the outcomes of its attempts, which take 40 ms each. */
async function message(store: Store, at: number, tries: readonly Try[], sequence = 0): Promise<void> {
  const id = keyAtTime(at) + sequence;
  await store.accept(acceptEntry(id, { due: at }));
  let attempts = 0;
  for (const { after, status, trigger = 0, state = 0, errorCode = null } of tries) {
    if (trigger === 0) attempts++;
    const attempt = attemptRecord(keyAtTime(at + after) + sequence, {
      status,
      errorCode,
      durationMs: 40,
      response: "answer",
    });
    await store.record(successOutcome(id, { trigger, state, attempts, due: state === 0 ? at : null, attempt }));
  }
}

async function hours(store: Store) {
  const rows = await store.db
    .selectFrom("rollup")
    .selectAll()
    .orderBy("hour")
    .orderBy("app_id")
    .orderBy("endpoint_id")
    .execute();
  return rows.map((row) => ({ app: row.app_id, endpoint: row.endpoint_id, hour: row.hour, ...countsOf(row) }));
}

async function customer(store: Store): Promise<Services> {
  const { services } = servicesOver(store);
  await insertEndpoint(services, "https://example.com/", {});
  return services;
}

describe("the roll-up", () => {
  it("counts first-attempt successes, later successes and exhausted deliveries once each, regardless of manual attempts", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 0, state: 1 }]);
    // Resent manually after it had succeeded.
    await message(store, START + 1000, [
      { after: 200, status: 0, state: 1 },
      { after: 5000, status: 0, trigger: 1, state: 1 },
    ]);
    await message(store, START + 2000, [
      { after: 100, status: 2 },
      { after: 9000, status: 0, state: 1 },
    ]);
    await message(store, START + 3000, [
      { after: 100, status: 2 },
      { after: 200, status: 2, state: 2 },
      { after: 300, status: 2, trigger: 1, state: 2 },
    ]);
    await message(store, START + 4000, [
      { after: 100, status: 2, state: 2 },
      { after: 200, status: 0, trigger: 1, state: 1 },
    ]);
    await rollUp(services, ALL, signal);
    const [organisation, application, endpoint] = await hours(store);
    expect(organisation).toMatchObject({
      app: 0,
      messages: 5,
      attemptsOk: 5,
      attemptsFailed: 5,
      firstTry: 2,
      later: 2,
      exhausted: 1,
    });
    expect([application, endpoint]).toEqual([
      { ...organisation, app: 1 },
      { ...organisation, app: 1, endpoint: 1 },
    ]);
    expect(percentile(organisation!.latency, 1)).toBeCloseTo(9040, -3);
    expect(percentile(organisation!.duration, 0.5)).toBeCloseTo(40, -1);
  });

  it("counts a failure before anything was sent only for its delivery, and not as an attempt", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 2, errorCode: "transform_failed", state: 2 }]);
    await message(store, START + 1000, [{ after: 100, status: 2, errorCode: "timeout", state: 2 }]);
    await rollUp(services, ALL, signal);
    const [organisation] = await hours(store);
    expect(organisation).toMatchObject({ messages: 2, attemptsOk: 0, attemptsFailed: 1, exhausted: 2 });
    expect([...organisation!.duration.values()]).toEqual([1]);
  });

  it("counts equal attempts, which the database groups, as often as they were made, up to the settled key", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    const ok: Try = { after: 100, status: 0, state: 1 };
    for (let n = 0; n < 12; n++) await message(store, START, [ok], n);
    const settled = { ...ALL, attempts: keyAtTime(START + 100) + 9 };
    await rollUp(services, settled, signal);
    expect((await hours(store))[0]).toMatchObject({ messages: 12, attemptsOk: 10, firstTry: 10 });
    await rollUp(services, ALL, signal);
    for (const row of await hours(store)) {
      expect(row).toMatchObject({ messages: 12, attemptsOk: 12, attemptsFailed: 0, firstTry: 12, later: 0 });
      expect([...row.duration.values()]).toEqual([12]);
      expect([...row.latency.values()]).toEqual([12]);
    }
    const { stored } = await store.db
      .selectFrom("storage_day")
      .select((eb) => eb.fn.sum<number>("stored").as("stored"))
      .where("kind", "=", "attempt")
      .executeTakeFirstOrThrow();
    expect(stored).toBe(12);
  });

  it("goes on after attempts that were deleted once a step had found the last one", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 0, state: 1 }]);
    const attempt = keyAtTime(START + 100);
    let deletions = 0;
    const db = store.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        const [row] = result.rows;
        if (row?.["last"] === attempt && deletions++ === 0)
          await store.transaction((tx) => tx.db.deleteFrom("attempt").execute());
        return result;
      },
    });
    const transaction = store.transaction.bind(store);
    const watched = Object.create(store, { db: { value: db }, transaction: { value: transaction } }) as Store;
    await rollUp({ ...services, store: watched }, ALL, signal);
    expect(deletions).toBe(1);
    expect((await hours(store))[0]).toMatchObject({ messages: 1, attemptsOk: 0 });
    await message(store, START + 1000, [{ after: 100, status: 0, state: 1 }]);
    await rollUp(services, ALL, signal);
    expect((await hours(store))[0]).toMatchObject({ messages: 2, attemptsOk: 1 });
  });

  it("counts an attempt in its hour, and the latency of a delayed message from its due time", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    const id = keyAtTime(START);
    const due = START + HOUR_MS;
    await store.accept(acceptEntry(id, { due, deliverAt: due }));
    const attempt = attemptRecord(keyAtTime(due + 100), { durationMs: 40 });
    await store.record(successOutcome(id, { attempt }));
    await rollUp(services, ALL, signal);
    const of = (await hours(store)).filter(({ app }) => app === 0);
    expect(of.map(({ messages, firstTry }) => [messages, firstTry])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(percentile(of[1]!.latency, 0.5)).toBeCloseTo(140, -1);
  });

  it("counts each row once, however the work is split into runs, with restarts between them", async () => {
    const tries = fc.constantFrom<readonly Try[]>(
      [{ after: 100, status: 0, state: 1 }],
      [
        { after: 100, status: 2 },
        { after: 2 * HOUR_MS, status: 0, state: 1 },
      ],
      [{ after: 100, status: 2, state: 2 }],
    );
    const plan = fc.array(tries, { minLength: 1, maxLength: 20 });
    const cuts = fc.array(fc.integer({ min: 0, max: 4 * HOUR_MS }), { maxLength: 4 });
    const run = async (messages: readonly (readonly Try[])[], at: readonly number[]) => {
      await using files = await openStore();
      let { store } = files;
      await customer(store);
      for (const [index, list] of messages.entries()) {
        await message(store, START + index * 600_000, list, index);
      }
      for (const time of at.toSorted((a, b) => a - b)) {
        const upTo = keyAtTime(START + time);
        await rollUp(servicesOver(store).services, { messages: upTo, attempts: upTo }, signal);
        store = await files.reopen();
      }
      await rollUp(servicesOver(store).services, ALL, signal);
      await rollUp(servicesOver(store).services, ALL, signal);
      const stored = await store.db.selectFrom("storage_day").selectAll().orderBy("day").orderBy("kind").execute();
      return { hours: await hours(store), stored };
    };
    await fc.assert(
      fc.asyncProperty(plan, cuts, async (messages, at) => {
        expect(await run(messages, at)).toEqual(await run(messages, []));
      }),
      // Each run opens and reopens databases, which takes seconds on a PostgreSQL server.
      { numRuns: onPostgres ? 2 : 5 },
    );
  }, 180_000);

  it("also counts the newest hours by the minute for the whole organization, each row once in any split", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = { ...(await customer(store)), now: () => START + 4 * HOUR_MS };
    const tries = [
      { after: 100, status: 2 },
      { after: 70_000, status: 0, state: 1 },
    ] as const;
    // One message is older than the retention of minutes; two are within it, in the same minute.
    await message(store, START, tries, 1);
    await message(store, START + 2 * HOUR_MS, tries, 2);
    await message(store, START + 2 * HOUR_MS + 30_000, tries, 3);
    const half = keyAtTime(START + 2 * HOUR_MS + 40_000);
    await rollUp(services, { messages: half, attempts: half }, signal);
    await rollUp(services, ALL, signal);
    await rollUp(services, ALL, signal);
    const rows = await store.db.selectFrom("rollup_minute").selectAll().orderBy("minute").execute();
    const first = (START + 2 * HOUR_MS) / 60_000;
    expect(rows.map((row) => [row.minute - first, row.messages, row.attempts_failed, row.later])).toEqual([
      [0, 2, 2, 0],
      [1, 0, 0, 2],
    ]);
    expect(percentile(countsOf(rows[1]!).latency, 1)).toBeCloseTo(70_040, -4);
  });

  it("counts an hour completely when another node counts it at the same time", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 0, state: 1 }]);
    // The other node counts the attempt just before this one writes the message.
    let meanwhile: Promise<void> | null = null;
    const slower = new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "transaction") return typeof value === "function" ? value.bind(target) : value;
        return async (work: Parameters<Store["transaction"]>[0]) => {
          await (meanwhile ??= rollUp(services, { messages: 0, attempts: ALL.attempts }, signal));
          return target.transaction(work);
        };
      },
    });
    await rollUp({ ...services, store: slower }, { messages: ALL.messages, attempts: 0 }, signal);
    const counted = (await hours(store)).map(({ endpoint, messages, attemptsOk }) => [endpoint, messages, attemptsOk]);
    expect(counted).toContainEqual([1, 1, 1]);
    for (const [, messages, attempts] of counted) expect([messages, attempts]).toEqual([1, 1]);
  });

  it("leaves unsettled rows for the next run", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 0, state: 1 }]);
    await rollUp(services, { messages: keyAtTime(START), attempts: keyAtTime(START + 50) }, signal);
    expect((await hours(store))[0]).toMatchObject({ messages: 1, attemptsOk: 0 });
    await rollUp(services, ALL, signal);
    expect((await hours(store))[0]).toMatchObject({ messages: 1, attemptsOk: 1 });
  });

  it("excludes operational webhooks from the sums of the organization", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await store.transaction(({ db }) => db.updateTable("application").set({ kind: 1 }).execute());
    await message(store, START, [{ after: 100, status: 0, state: 1 }]);
    await rollUp({ ...services, now: () => START }, ALL, signal);
    expect((await hours(store)).map(({ app, endpoint }) => [app, endpoint])).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(await store.db.selectFrom("rollup_minute").selectAll().execute()).toEqual([]);
  });

  it("counts the rows and bytes stored for each day", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customer(store);
    await message(store, START, [{ after: 100, status: 2 }]);
    await message(store, START + 1000, [{ after: 100, status: 0, state: 1 }]);
    await rollUp(services, ALL, signal);
    const days = await store.db.selectFrom("storage_day").select(["kind", "stored", "bytes"]).orderBy("kind").execute();
    expect(days).toMatchObject([
      { kind: "attempt", stored: 1, bytes: 6 },
      { kind: "delivery", stored: 2 },
      { kind: "failure", stored: 1, bytes: 6 },
      { kind: "message", stored: 2 },
      { kind: "payload", stored: 2 },
    ]);
  });
});
