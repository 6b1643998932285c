/** Steps of an erasure, each of which is one commit. */
import { describe, expect, it } from "vitest";
import { columnsWith } from "../../../test/erasure/places.ts";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome, type TestStore } from "../../../test/support/store.ts";
import { taskOf } from "../../../test/support/task.ts";
import { EXPUNGED } from "../../store/hot-columns.ts";
import { systemActor } from "../access.ts";
import type { OutsideContext, Services } from "../context.ts";
import { runStep } from "../task/run.ts";
import type { Erasure } from "./erasure.ts";
import { createErasure, getErasure } from "./request.ts";

const CANARY = "cus_canary.7f3a";
const MESSAGES = 130;

interface Harness extends AsyncDisposable {
  readonly files: TestStore;
  readonly services: Services;
  readonly ctx: OutsideContext;
  create(fields?: object): Promise<Erasure & { readonly task: number }>;
}

/** Stores messages with one delivery and one attempt each. Every second is of the person. */
async function harness(): Promise<Harness> {
  const files = await openStore();
  const { services } = servicesOver(files.store);
  await files.store.transaction(({ db }) =>
    db.insertInto("organisation").values({ id: 1, public_id: "org_test", created_at: 0 }).execute(),
  );
  await insertEndpoint(services, "https://example.com/", {});
  for (let id = 1; id <= MESSAGES; id++) {
    const person = id % 2 === 0 ? CANARY : "cus_other";
    const payload = Buffer.from(JSON.stringify({ customer: { id: person } }));
    await files.store.accept(acceptEntry(id, { payload, eventId: `of-${person}-${id}`, tagsJson: `["${person}"]` }));
    const attempt = attemptRecord(1000 + id, { response: `got ${person}` });
    await files.store.record(successOutcome(id, { attempt }));
  }
  const ctx = { services, actor: systemActor(1, "org_test"), tx: null } as const;
  return {
    files,
    services,
    ctx,
    create: async (fields = {}) => {
      const input = { path: "$.customer.id", value: CANARY, app: null, eventTypes: null, dryRun: false, reason: "" };
      const erasure = await createErasure({ ctx, input: { ...input, ...fields } });
      const { task_id: task } = await files.store.db
        .selectFrom("erasure")
        .select("task_id")
        .where("id", "=", erasure.key)
        .executeTakeFirstOrThrow();
      return { ...erasure, task };
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** Runs a step. Fails if the task does not end within a few hundred steps. */
async function runToEnd(services: Services, task: number, each: () => Promise<void> = async () => undefined) {
  for (let steps = 0; steps < 500; steps++) {
    await each();
    if ((await runStep(services, task)) === null) return steps;
  }
  throw new Error("the task does not end");
}

async function counts({ ctx }: Harness, id: string) {
  return (await getErasure({ ctx, input: { erasure: id } })).counts;
}

class Crash extends Error {}

describe("an erasure", () => {
  it("erases the same data when its process stops before or after any of its commits", async () => {
    await using h = await harness();
    const { id, task } = await h.create();
    let crashes = 0;
    // Each step is first run by a process that stops before its commit.
    const crashing: Services = {
      ...h.services,
      store: Object.create(h.files.store, {
        transaction: {
          value: (work: Parameters<Services["store"]["transaction"]>[0]) =>
            h.files.store.transaction(async (tx) => {
              await work(tx);
              throw new Crash();
            }),
        },
      }) as Services["store"],
    };
    await runToEnd(h.services, task, async () => {
      await runStep(crashing, task).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        crashes++;
      });
    });
    expect(crashes).toBeGreaterThan(10);
    expect(await counts(h, id)).toMatchObject({ scanned: MESSAGES, messages: MESSAGES / 2, attempts: MESSAGES / 2 });
    expect(await columnsWith(h.files.store, [CANARY])).toEqual([]);
    expect(await columnsWith(h.files.store, ["cus_other"])).toContain("message.payload");
  });

  it("writes nothing back when an attempt ends after its message was erased", async () => {
    await using h = await harness();
    const { task } = await h.create();
    await runToEnd(h.services, task);
    const attempt = attemptRecord(9000, { response: `got ${CANARY}`, detailJson: `["${CANARY}"]` });
    await h.files.store.record(successOutcome(2, { attempt }));
    const other = attemptRecord(9001, { response: "got cus_other" });
    await h.files.store.record(successOutcome(1, { attempt: other }));
    const rows = await h.files.store.db
      .selectFrom("attempt")
      .select(["response", "detail_json"])
      .where("id", ">=", 9000)
      .orderBy("id")
      .execute();
    expect(rows).toMatchObject([{ response: EXPUNGED, detail_json: null }, { response: "got cus_other" }]);
  });

  it("erases data recorded by an attempt that did not see yet that its message was erased", async () => {
    await using h = await harness();
    const { task } = await h.create();
    const { store } = h.files;
    let isLate = true;
    await runToEnd(h.services, task, async () => {
      const erased = await store.db.selectFrom("message_erasure").select("message_id").execute();
      if (!isLate || erased.length < MESSAGES / 2) return;
      isLate = false;
      await store.transaction(({ db }) =>
        db
          .updateTable("attempt")
          .set({ response: `got ${CANARY}` })
          .where("id", "=", 1002)
          .execute(),
      );
    });
    expect(isLate).toBe(false);
    expect(await columnsWith(store, [CANARY])).toEqual([]);
  });

  it("finds a message that was stored after its pass by a request that had begun before", async () => {
    await using h = await harness();
    const { id, task } = await h.create();
    const payload = Buffer.from(JSON.stringify({ customer: { id: CANARY } }));
    let isStored = false;
    await runToEnd(h.services, task, async () => {
      const { data } = await taskOf(h.files.store, task);
      if (isStored || data["phase"] !== "settle") return;
      isStored = true;
      const { key } = h.services.ids.next("msg_");
      await h.files.store.accept(acceptEntry(key, { payload }));
    });
    expect(await counts(h, id)).toMatchObject({ messages: MESSAGES / 2 + 1 });
    expect(await columnsWith(h.files.store, [CANARY])).toEqual([]);
  });

  it("changes nothing as a dry run, and deletes the value afterwards in both cases", async () => {
    await using h = await harness();
    const dry = await h.create({ dryRun: true });
    const before = await columnsWith(h.files.store, [CANARY]);
    await runToEnd(h.services, dry.task);
    expect(await columnsWith(h.files.store, [CANARY])).toEqual(before);
    expect(await counts(h, dry.id)).toMatchObject({ messages: MESSAGES / 2, attempts: MESSAGES / 2 });
    const real = await h.create();
    await runToEnd(h.services, real.task);
    const rows = await h.files.store.db.selectFrom("erasure").select(["value_sealed"]).execute();
    expect(rows).toEqual([{ value_sealed: null }, { value_sealed: null }]);
  });

  it("of one application, or of some event types, does not change other messages", async () => {
    await using h = await harness();
    const payload = Buffer.from(JSON.stringify({ customer: { id: CANARY } }));
    await h.files.store.accept(acceptEntry(500, { payload, eventType: "kept" }));
    const { task } = await h.create({ eventTypes: [acceptEntry(1).eventType] });
    await runToEnd(h.services, task);
    expect(Buffer.from((await h.files.store.payload(500))!)).toEqual(payload);
    expect(await h.files.store.payload(2)).toBeNull();
    await expect(h.create({ app: "nowhere" })).rejects.toThrow("There is no such application.");
    await expect(h.create({ path: "customer" })).rejects.toMatchObject({ code: "validation" });
  });
});
