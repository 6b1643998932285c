/** Each condition of an alert rule that depends on something other than failed deliveries, just within its threshold and just beyond it. */
import { eventually, onPostgres } from "@posthorn/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemActor } from "../src/domain/access.ts";
import { evaluateCondition } from "../src/domain/alert/conditions.ts";
import type { AlertContent } from "../src/domain/alert/message.ts";
import type { AlertKind, AlertParams } from "../src/domain/alert/rule.ts";
import { saveCertificates } from "../src/domain/health/certificates.ts";
import { DAY_MS } from "../src/domain/storage/day.ts";
import { githubHeaders, send, TestGateway } from "./support/gateway.ts";

const HOUR_MS = 3_600_000;

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await TestGateway.start({ POSTHORN_RETRY_SCHEDULE: "60" });
  await gateway.call("POST", "api/v1/app", { name: "Shop", uid: "shop" });
});

afterEach(() => gateway[Symbol.asyncDispose]());

/** Titles of the subjects that fulfil a condition, `ms` from now. */
async function firing(kind: AlertKind, params: AlertParams = {}, ms = 0): Promise<readonly string[]> {
  return (await contentsOf(kind, params, ms)).map(({ title }) => title);
}

async function contentsOf(kind: AlertKind, params: AlertParams, ms = 0): Promise<readonly AlertContent[]> {
  const { services } = gateway.node;
  const { id, public_id } = await services.store.db
    .selectFrom("organisation")
    .select(["id", "public_id"])
    .executeTakeFirstOrThrow();
  const later = { ...services, now: () => Date.now() + ms };
  const ctx = { services: later, actor: systemActor(id, public_id), tx: null } as const;
  return (await evaluateCondition(ctx, kind, params)).map(({ content }) => content);
}

async function endpoint(url: string): Promise<number> {
  const { json } = await gateway.call("POST", "api/v1/app/shop/endpoint", { url });
  const { id } = await gateway.node.services.store.db
    .selectFrom("endpoint")
    .select("id")
    .where("public_id", "=", String(json["id"]))
    .executeTakeFirstOrThrow();
  return id;
}

async function publish(fields: object = {}): Promise<void> {
  await gateway.call("POST", "api/v1/app/shop/msg", { eventType: "a", payload: {}, ...fields });
}

it("quarantine: requests of a source that failed verification", async () => {
  const source = await gateway.source({ name: "Code", type: "github", secret: "right-secret-of-github" });
  await send(source.url, "{}", githubHeaders("wrong", "{}", "1"));
  await gateway.quarantine(source);
  expect(await firing("quarantine", { minutes: 60, count: 1 })).toEqual(["The source Code rejects requests"]);
  expect(await contentsOf("quarantine", { minutes: 1, count: 1 })).toMatchObject([
    { text: "1 request failed verification in the last minute and went to quarantine." },
  ]);
  expect(await firing("quarantine", { minutes: 60, count: 2 })).toEqual([]);
  expect(await firing("quarantine", { minutes: 60, count: 1 }, 2 * HOUR_MS)).toEqual([]);
});

it("source-inactive: a source that has sent nothing for longer than usual", async () => {
  await gateway.source({ name: "Code", type: "github", secret: "right-secret-of-github" });
  expect(await firing("source-inactive")).toEqual([]);
  const { db } = gateway.node.services.store;
  const { id } = await db.selectFrom("application").select("id").where("name", "=", "Code").executeTakeFirstOrThrow();
  await gateway.node.services.store.transaction(async (tx) => {
    await tx.db.deleteFrom("source_activity").where("source_id", "=", id).execute();
    const row = { source_id: id, rule_json: "{}", activity_json: null, counted_from: 0, inactive_at: 1, last_at: 1 };
    await tx.db
      .insertInto("source_activity")
      .values({ ...row, inactive_since: Date.now() - HOUR_MS })
      .execute();
  });
  expect(await firing("source-inactive")).toEqual(["The source Code is inactive"]);
});

it("certificate-expiry: an endpoint whose certificate expires soon", async () => {
  const key = await endpoint("https://hooks.example.com/a");
  const certificate = { origin: "https://hooks.example.com", validTo: Date.now() + 10 * DAY_MS };
  await saveCertificates(gateway.node.services, new Map([[key, certificate]]));
  expect(await firing("certificate-expiry", { days: 14 })).toEqual([
    "The certificate of hooks.example.com of Shop expires",
  ]);
  expect(await firing("certificate-expiry", { days: 9 })).toEqual([]);
});

it("backlog-age: a delivery that has been due for long, on an endpoint that is not on hold", async () => {
  await endpoint(`${gateway.receiver.url}/target`);
  await publish({ delaySeconds: 600 });
  expect(await firing("backlog-age", { minutes: 60 })).toEqual([]);
  expect(await firing("backlog-age", { minutes: 60 }, 2 * HOUR_MS)).toEqual(["Deliveries are late"]);
  expect(await contentsOf("backlog-age", { minutes: 60 }, 2 * HOUR_MS)).toMatchObject([
    { text: expect.stringMatching(/ 1 delivery is queued\.$/) as string },
  ]);
  expect(await firing("backlog-age", { minutes: 120 }, 2 * HOUR_MS)).toEqual([]);
});

it("circuit-open: an endpoint that is on hold because it failed or asked to wait", async () => {
  const key = await endpoint(`${gateway.receiver.url}/target`);
  // The row that the node itself writes within half a minute.
  const row = { endpoint_id: key, since: Date.now(), failures: 1, last_at: Date.now(), warned: 0, updated_at: 0 };
  await gateway.node.services.store.transaction(({ db }) => db.insertInto("endpoint_failure").values(row).execute());
  gateway.receiver.respondWith(500);
  await publish();
  await eventually(() => expect(gateway.receiver.requests).toHaveLength(1));
  expect(await firing("circuit-open")).toEqual([]);
  gateway.receiver.respondWith(503);
  await publish();
  const { host } = new URL(gateway.receiver.url);
  await eventually(async () =>
    expect(await firing("circuit-open")).toEqual([`The circuit of ${host} of Shop is open`]),
  );
});

// Posthorn does not know the disk of a PostgreSQL server.
it.skipIf(onPostgres)("disk: a disk that is full within days at the current growth", async () => {
  expect(await firing("disk", { days: 1 })).toEqual([]);
  const day = { day: Math.floor(Date.now() / DAY_MS), kind: "payload", stored: 1, bytes: 1e15 } as const;
  await gateway.node.services.store.transaction(({ db }) =>
    db
      .insertInto("storage_day")
      .values(day)
      .onConflict((conflict) => conflict.columns(["day", "kind"]).doUpdateSet(day))
      .execute(),
  );
  await publish();
  // The forecast needs a message that is an hour old.
  expect(await firing("disk", { days: 3 }, 2 * HOUR_MS)).toEqual([expect.stringMatching(/full in \d/)]);
});
