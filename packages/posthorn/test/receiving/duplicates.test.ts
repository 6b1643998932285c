/** Deliveries that a provider repeats: one message, and a count of the repetitions. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_REPEATED_MESSAGES, recordDuplicates } from "../../src/domain/duplicate/record.ts";
import type { Store } from "../../src/store/store.ts";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";
import { servicesOver } from "../support/services.ts";
import { insertSource } from "../support/source-row.ts";
import { openStore } from "../support/store.ts";

function totals(store: Store) {
  return store.db.selectFrom("source_duplicate_total").selectAll().execute();
}

const SECRET = "s3cret";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ POSTHORN_METRICS_LISTEN: "127.0.0.1:0" });
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function deliver(source: TestSource, delivery: string, body = '{"ref":"main"}'): Promise<void> {
  const response = await send(source.url, body, githubHeaders(SECRET, body, delivery, "push"));
  expect(response.status).toBe(200);
}

const github = () => gateway.source({ type: "github", secrets: [SECRET] }, false);

interface Duplicates {
  readonly count: number;
  readonly lastAt: string | null;
  readonly messages: readonly {
    readonly id: string;
    readonly receivedCount: number;
    readonly lastReceivedAt: string;
  }[];
}

async function duplicatesOf(source: TestSource): Promise<Duplicates> {
  const { status, json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/duplicates`);
  expect(status).toBe(200);
  return json as unknown as Duplicates;
}

/** Waits until the count on disk has this value. */
function counted(source: TestSource, count: number): Promise<Duplicates> {
  return eventually(async () => {
    const found = await duplicatesOf(source);
    expect(found.count).toBe(count);
    return found;
  });
}

async function metric(): Promise<number> {
  const text = await (await fetch(gateway.node.metricsUrl!)).text();
  return Number(/^posthorn_inbound_duplicates_total (\d+)$/m.exec(text)![1]);
}

describe("a delivery that is repeated", () => {
  it("is one message, and counts for the source, the message and the metrics", async () => {
    const source = await github();
    const before = await metric();
    await deliver(source, "once");
    for (let time = 0; time < 3; time++) await deliver(source, "thrice");
    const { lastAt, messages } = await counted(source, 2);
    const stored = await gateway.messages(source);
    expect(stored).toHaveLength(2);
    const thrice = stored.find(({ eventId }) => eventId === "thrice")!;
    expect(messages).toMatchObject([
      {
        id: thrice["id"],
        eventType: "push",
        receivedCount: 3,
        receivedAt: thrice["timestamp"],
        lastReceivedAt: lastAt,
      },
    ]);
    expect(await metric()).toBe(before + 2);
    const event = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event/thrice`);
    expect(event.json).toMatchObject({ id: thrice["id"], receivedCount: 3, lastReceivedAt: lastAt });
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    const counts = (json["data"] as { readonly receivedCount: number }[]).map(({ receivedCount }) => receivedCount);
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 3]);
  });

  it("is also counted when it is recognised by its content", async () => {
    const source = await gateway.source(
      { type: "generic-webhook", allowUnsigned: true, deduplication: "content" },
      false,
    );
    for (let time = 0; time < 2; time++) {
      expect((await send(source.url, '{"a":1}', { "content-type": "application/json" })).status).toBeLessThan(300);
    }
    const [message] = await gateway.messages(source);
    const { messages } = await counted(source, 1);
    expect(messages).toMatchObject([{ id: message!["id"], receivedCount: 2 }]);
  });

  it("keeps its count when repetitions continue after a write", async () => {
    const source = await github();
    for (let time = 0; time < 2; time++) await deliver(source, "again");
    await counted(source, 1);
    await deliver(source, "again");
    expect((await counted(source, 2)).messages).toMatchObject([{ receivedCount: 3 }]);
  });

  it("does not count if every delivery is new, or if another source has one with that ID", async () => {
    const [one, other] = [await github(), await github()];
    await deliver(one, "shared");
    await deliver(other, "shared");
    await deliver(other, "fresh");
    const marker = await github();
    for (let time = 0; time < 2; time++) await deliver(marker, "marker");
    await counted(marker, 1);
    for (const source of [one, other]) {
      expect(await duplicatesOf(source)).toEqual({ count: 0, lastAt: null, messages: [] });
    }
  });

  it("is not counted when its signature is wrong", async () => {
    const source = await github();
    await deliver(source, "real");
    const body = '{"ref":"main"}';
    expect((await send(source.url, body, githubHeaders("wrong", body, "real", "push"))).status).toBe(401);
    await deliver(source, "real");
    await counted(source, 1);
  });

  it("is deleted with its source", async () => {
    const source = await github();
    for (let time = 0; time < 2; time++) await deliver(source, "deleted");
    await counted(source, 1);
    expect((await gateway.call("DELETE", `ingest/api/v1/source/${source.id}`)).status).toBe(204);
    expect((await gateway.call("GET", `ingest/api/v1/source/${source.id}/duplicates`)).status).toBe(404);
  });
});

describe("the counts of duplicates", () => {
  it("are limited for each source: the messages repeated last are kept, and the count includes all", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertSource(files.store, 1);
    const repetitions = Array.from({ length: MAX_REPEATED_MESSAGES + 5 }, (_, index) => ({
      sourceKey: 1,
      of: { messageId: index + 1 },
      repeats: 2,
      lastAt: 1_700_000_000_000 + index,
    }));
    await recordDuplicates(services, repetitions);
    await recordDuplicates(services, [{ sourceKey: 1, of: null, repeats: 1, lastAt: 1_800_000_000_000 }]);
    const kept = await files.store.db
      .selectFrom("source_duplicate")
      .select("message_id")
      .orderBy("message_id")
      .execute();
    expect([kept.length, kept[0]!.message_id]).toEqual([MAX_REPEATED_MESSAGES, 6]);
    expect(await totals(files.store)).toEqual([{ source_id: 1, duplicates: 2011, last_at: 1_800_000_000_000 }]);
  });

  it("are not written for a deleted source", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertSource(files.store, 1);
    await insertSource(files.store, 2, Date.now());
    await recordDuplicates(
      services,
      [1, 2, 3].map((sourceKey) => ({ sourceKey, of: { messageId: 7 }, repeats: 1, lastAt: 5 })),
    );
    expect(await totals(files.store)).toEqual([{ source_id: 1, duplicates: 1, last_at: 5 }]);
    const rows = await files.store.db.selectFrom("source_duplicate").selectAll().execute();
    expect(rows).toEqual([{ source_id: 1, message_id: 7, repeats: 1, last_at: 5 }]);
  });
});
