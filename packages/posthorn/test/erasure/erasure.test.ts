/** Erasure of the data of a person, over HTTP, on a running node. */
import { Writable } from "node:stream";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyOfId } from "../../src/lib/id.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { onPostgres, temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";
import { columnsWith, filesWith } from "./places.ts";

/** Value that identifies the person. */
const CANARY = "cus_canary.7f3a";
const OTHER = "cus_other.91b2";

const folder = temporaryFolder();
const logged: string[] = [];
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
/** Ends the responses to requests of the endpoint `slow`. */
const slow = Promise.withResolvers<undefined>();

beforeAll(async () => {
  // Responses repeat what they got.
  receiver = await startReceiver({
    response: (request) => ({ status: 200, body: `got ${request.body.toString()}` }),
  });
  const log = pino(
    { level: "trace" },
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        logged.push(chunk.toString());
        done();
      },
    }),
  );
  node = await startNode(folder.path, { log });
  tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
});

afterAll(async () => {
  slow.resolve(undefined);
  await node?.[Symbol.asyncDispose]();
  await receiver?.close();
  folder[Symbol.dispose]();
});

async function ok(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const { status, json, text } = await tenant.call(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path} ${status}: ${text}`);
  return json;
}

const customer = (id: string, more: object = {}) => ({ customer: { id }, ...more });

async function publish(payload: object, more: object = {}, app = "app"): Promise<string> {
  const { id } = await ok("POST", `app/${app}/msg`, { eventType: "order.paid", payload, ...more });
  return String(id);
}

async function delivered(message: string): Promise<void> {
  await eventually(async () => {
    const { data } = await ok("GET", `app/app/attempt/msg/${message}`);
    expect((data as object[]).length).toBeGreaterThan(0);
  });
}

interface Receipt {
  readonly id: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly valueHash: string;
  readonly erasedAt: string | null;
}

async function erase(fields: object): Promise<Receipt> {
  const created = await ok("POST", "erasure", { path: "$.customer.id", value: CANARY, ...fields });
  return eventually(
    async () => {
      const receipt = (await ok("GET", `erasure/${String(created["id"])}`)) as unknown as Receipt;
      expect(receipt.state).toBe("finished");
      return receipt;
    },
    { timeoutMs: 120_000, intervalMs: 100 },
  );
}

async function newSource(fields: object): Promise<{ readonly id: string; readonly path: string }> {
  const { json } = await tenant.at("ingest/api/v1", "POST", "source", { type: "generic-webhook", ...fields });
  return { id: String(json["id"]), path: new URL(String(json["ingestUrl"])).pathname };
}

async function send(path: string, id: string): Promise<number> {
  const headers = { "content-type": "application/json", "x-customer": id };
  return (await fetch(node.url + path, { method: "POST", headers, body: JSON.stringify(customer(id)) })).status;
}

describe("the erasure of a person", () => {
  /** Messages with the data of the person, and of another person. */
  const theirs: string[] = [];
  const others: string[] = [];

  it("is found in every place by a dry run, which changes nothing", async () => {
    await ok("POST", "app/app/watch", {
      name: "Orders",
      uid: "orders",
      emit: { type: "orders.many" },
      rule: { read: { key: "$.customer.id", value: "$.amount" }, when: { above: 10 } },
    });
    await ok("POST", "app/app/endpoint", { url: receiver.url, uid: "off", disabled: true });
    await ok("PATCH", "app/app/endpoint/off/policy", {
      debounce: { waitSeconds: 600, maxWaitSeconds: 3600, by: "payload", path: "customer.id" },
    });
    const rejecting = await newSource({ name: "Signed", secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });
    const open = await newSource({ name: "Open", allowUnsigned: true });
    for (const [id, list] of [
      [CANARY, theirs],
      [OTHER, others],
    ] as const) {
      const labels = { channels: [`c-${id}`], tags: [`t-${id}`] };
      list.push(await publish(customer(id, { amount: 5 }), { eventId: `event-of-${id}`, ...labels }));
      list.push(await publish(customer(id, { amount: 50 }), { orderingKey: id }));
      // Escaped, and as text in a body that cannot be parsed.
      list.push(
        await publish(
          {},
          {
            transformationsParams: { rawPayload: `{"customer":{"id":"${id.replace("_", "\\u005f")}"}}` },
          },
        ),
      );
      list.push(
        await publish(
          {},
          {
            transformationsParams: { rawPayload: `<id>${id}</id>`, headers: { "content-type": "text/xml" } },
          },
        ),
      );
      expect(await send(rejecting.path, id)).toBe(401);
      expect(await send(open.path, id)).toBe(200);
    }
    for (const message of [...theirs, ...others]) await delivered(message);
    await eventually(async () => {
      expect(await node.services.store.db.selectFrom("quarantine").select("id").execute()).toHaveLength(2);
    });
    await ok("POST", `app/app/msg/${theirs[0]!}/share`, {});
    await ok("POST", `app/app/msg/${others[0]!}/share`, {});
    // Waits until a message has been stored.
    await node.services.store.transaction(async ({ db }) => {
      for (const id of [CANARY, OTHER])
        await db
          .insertInto("outbox")
          .values(await outboxRow(id))
          .execute();
    });
    await eventually(async () => {
      const { data } = await ok("GET", "app/app/watch/orders/key");
      expect(data).toHaveLength(2);
      const rows = await node.services.store.db.selectFrom("watch_event").selectAll().execute();
      const messages = await node.services.store.db
        .selectFrom("message")
        .select("id")
        .where(
          "id",
          "in",
          rows.map(({ message_id }) => message_id),
        )
        .execute();
      expect(messages).toHaveLength(2);
    });
    const before = await columnsWith(node.services.store, [CANARY]);
    expect(before).toEqual(
      expect.arrayContaining([
        "attempt.response",
        "flow_state.key",
        "message.channels_json",
        "message.event_id",
        "message.ordering_key",
        "message.payload",
        "message.request_json",
        "message.tags_json",
        "message_label.name",
        "outbox.payload",
        "quarantine.body",
        "watch_event.name",
        "watch_key.name",
      ]),
    );

    const { counts, erasedAt } = await erase({ dryRun: true });
    expect(erasedAt).not.toBeNull();
    // Four that were published, one of the open source, and the event of the watch.
    expect(counts).toMatchObject({ messages: 6, outbox: 1, quarantined: 1, watchKeys: 1, shareLinks: 1 });
    expect(counts["attempts"]).toBeGreaterThanOrEqual(4);
    expect(await columnsWith(node.services.store, [CANARY])).toEqual(before);
  });

  it("removes the value from all tables, files, logs and responses, and does not change other data", async () => {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => slow.resolve(undefined));
    // In flight while its message is erased.
    const hanging = await startReceiver({
      response: async (request) => {
        await slow.promise;
        return { status: 200, body: `got ${request.body.toString()}` };
      },
    });
    await ok("POST", "app", { name: "Slow", uid: "slow" });
    await ok("POST", "app/slow/endpoint", { url: hanging.url, uid: "slow" });
    const inFlight = await publish(customer(CANARY), {}, "slow");
    await hanging.waitForCount(1);
    stack.defer(() => hanging.close());

    const isErased = eventually(
      async () => expect(await ok("GET", `app/slow/msg/${inFlight}`)).toHaveProperty("erasedAt"),
      { timeoutMs: 60_000 },
    ).then(() => slow.resolve(undefined));
    const receipt = await erase({ reason: "case 17" });
    await isErased;
    expect(receipt.counts).toMatchObject({ messages: 7, outbox: 1, quarantined: 1, watchKeys: 1, shareLinks: 1 });
    expect(JSON.stringify(receipt)).not.toContain(CANARY);
    const attempt = await eventually(async () => {
      const { data } = await ok("GET", `app/slow/attempt/msg/${inFlight}`);
      const [first] = data as Record<string, unknown>[];
      expect(first).toBeDefined();
      return first!;
    });
    expect(attempt).toMatchObject({ response: "EXPUNGED", responseStatusCode: 200 });

    expect(await columnsWith(node.services.store, [CANARY])).toEqual([]);
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
    for (const path of [
      "message?limit=250",
      "app/app/msg",
      "app/app/attempt/endpoint/ep",
      "audit?limit=250",
      "erasure",
    ]) {
      expect((await tenant.call("GET", path)).text).not.toContain(CANARY);
    }
    for (const message of others) {
      expect((await tenant.call("GET", `app/app/msg/${message}`)).text).toMatch(/cus(_|\\u005f)other/);
    }
    expect(await columnsWith(node.services.store, [OTHER])).toEqual(
      expect.arrayContaining([
        "attempt.response",
        "message.event_id",
        "outbox.payload",
        "quarantine.body",
        "watch_key.name",
      ]),
    );
    expect(await ok("GET", "audit/verification")).toMatchObject({ intact: true });
  });

  it.skipIf(onPostgres)("removes the value from all files of SQLite, including the write-ahead log", () => {
    expect(filesWith(folder.path, [CANARY])).toEqual([]);
  });

  it("keeps the message as a tombstone that says so, in lists and individually", async () => {
    const [first] = theirs;
    const message = await ok("GET", `app/app/msg/${first!}`);
    expect(message).toMatchObject({
      id: first,
      eventType: "order.paid",
      eventId: null,
      channels: null,
      tags: null,
      payload: { expired: true },
      erasedAt: expect.any(String),
    });
    const { data } = await ok("GET", "app/app/msg?limit=250");
    const erased = (data as { id: string; erasedAt?: string }[]).filter(({ erasedAt }) => erasedAt !== undefined);
    expect(erased.map(({ id }) => id)).toEqual(expect.arrayContaining(theirs));
    expect(erased.filter(({ id }) => others.includes(id))).toEqual([]);
  });

  it("cancels unfinished deliveries, with the reason", async () => {
    const first = theirs[2];
    const { data } = await ok("GET", `app/app/msg/${first!}/endpoint`);
    const off = (data as Record<string, unknown>[]).filter(({ disabled }) => disabled === true);
    expect(off).toMatchObject([{ statusText: "canceled", canceled: { reason: "erased" } }]);
    const resent = await tenant.call("POST", `app/app/msg/${first!}/endpoint/ep/resend`);
    expect(resent).toMatchObject({ status: 400 });
  });

  it("is recorded in the audit log without the value, when it is requested and when it ends", async () => {
    const { data } = await ok("GET", "audit?limit=250");
    const actions = (data as { action: string }[]).map(({ action }) => action);
    expect(actions.filter((action) => action.includes("erasure"))).toEqual([
      "system.erasure.finish",
      "v1.erasure.create",
      "v1.erasure.create",
    ]);
  });

  it("can be compared with a value later, although the value is not stored", async () => {
    const [receipt] = (await ok("GET", "erasure"))["data"] as Receipt[];
    expect(await ok("POST", `erasure/${receipt!.id}/check`, { value: CANARY })).toEqual({ matches: true });
    expect(await ok("POST", `erasure/${receipt!.id}/check`, { value: OTHER })).toEqual({ matches: false });
  });
});

async function outboxRow(person: string) {
  const { key, id } = node.services.ids.next("msg_");
  const app = await node.services.store.db
    .selectFrom("application")
    .select("id")
    .where("uid", "=", "app")
    .executeTakeFirstOrThrow();
  expect(keyOfId("msg_", id)).toBe(key);
  return {
    id: key,
    public_id: id,
    app_id: app.id,
    event_type: "order.paid",
    event_id: null,
    channels_json: null,
    tags_json: null,
    payload: Buffer.from(JSON.stringify(customer(person))),
    content_type: "application/json",
    ordering_key: null,
    due: null,
    deliver_until: null,
    ttl_ms: null,
    retention_ms: null,
    error: "The application does not exist.",
    retry_at: null,
    parked_at: Date.now(),
  };
}
