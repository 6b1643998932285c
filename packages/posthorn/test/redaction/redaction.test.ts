/**
 * Guarantees of redaction rules, over HTTP: endpoints receive the exact bytes, and everything else shows the redacted ones. Runs on both
 * stores.
 */
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { eventually, type Received, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { type ApiResponse, Tenant } from "../support/tenant.ts";

const CANARY = "canary-4071@secret.example";
const PAYLOAD = `{ "customer" : {"email":"${CANARY}", "name":"Ann"}, "n":1.0, "note":"to ${CANARY}" }`;
const REDACTED = `{ "customer" : {"email":"[redacted]", "name":"Ann"}, "n":1.0, "note":"to [redacted]" }`;
const SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ECHO = { body: JSON.stringify({ received: PAYLOAD, of: CANARY }), headers: { "x-customer": CANARY } };

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
/** Repeats what it received, in body and headers, and fails until a test lets it succeed. */
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ response: { status: 500, ...ECHO } });
  node = await startNode(folder.path, {
    env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_EGRESS_TENANT_ALLOW: "loopback" },
  });
  owner = new Tenant(node);
  await ok("POST", "redaction-rule", { path: "$.customer.email", action: "mask" });
  await ok("POST", "redaction-rule", { pattern: "canary-[0-9]+@[a-z.]+", action: "mask" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver.close();
  folder[Symbol.dispose]();
});

async function ok(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await owner.call(method, path, body);
  if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
  return response.json;
}

/** An application with an endpoint at the receiver. */
async function customer(uid: string, endpoint: object = {}): Promise<void> {
  await ok("POST", "app", { name: uid, uid });
  const url = `${receiver.url}/${uid}`;
  await ok("POST", `app/${uid}/endpoint`, { url, uid: "ep", secret: `whsec_${SECRET}`, ...endpoint });
}

async function publish(uid: string, rawPayload = PAYLOAD): Promise<string> {
  const message = { eventType: "order.paid", transformationsParams: { rawPayload } };
  return String((await ok("POST", `app/${uid}/msg`, message))["id"]);
}

async function attempts(uid: string, message: string, count: number): Promise<readonly Record<string, unknown>[]> {
  return eventually(async () => {
    const { data } = (await ok("GET", `app/${uid}/attempt/msg/${message}`)) as { data: Record<string, unknown>[] };
    if (data.length < count) throw new Error(`${data.length} attempts`);
    return data;
  });
}

async function kept(): Promise<number> {
  return (await node.services.store.db.selectFrom("exact_body").select("message_id").execute()).length;
}

function verified({ headers, body }: Received): boolean {
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body.toString("utf8")}`;
  const signature = createHmac("sha256", Buffer.from(SECRET, "base64")).update(signed).digest("base64");
  return headers["webhook-signature"] === `v1,${signature}`;
}

/** Every file of the data folder while the server runs: the database, its log, and all others. */
function filesWith(text: string): readonly string[] {
  const names = readdirSync(folder.path, { recursive: true, encoding: "utf8" });
  return names.filter((name) => {
    const path = join(folder.path, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

describe("a message with redacted values", () => {
  it("is delivered with its exact bytes and a valid signature, and is shown redacted everywhere else", async () => {
    await customer("one");
    const id = await publish("one");
    const received = await receiver.waitFor(({ path }) => path === "/one");
    expect(received.body.toString("utf8")).toBe(PAYLOAD);
    expect(verified(received)).toBe(true);
    const [attempt] = await attempts("one", id, 1);
    expect(await kept()).toBe(1);
    const answers: ApiResponse[] = await Promise.all(
      [
        `app/one/msg/${id}`,
        "app/one/msg?with_content=true",
        `app/one/msg/search?query=${encodeURIComponent(CANARY)}`,
        `app/one/attempt/msg/${id}?with_content=true&with_msg=true`,
        `app/one/attempt/endpoint/ep?with_content=true&with_msg=true`,
        `app/one/msg/${id}/attempt/${String(attempt!["id"])}`,
        "app/one/feed",
        "audit",
      ].map((path) => owner.call("GET", path)),
    );
    for (const { text } of answers) expect(text).not.toContain("canary-4071");
    expect(answers[0]!.json["payload"]).toEqual(JSON.parse(REDACTED));
    expect(JSON.stringify(attempt)).toContain("[redacted]");
    expect(filesWith("canary-4071")).toEqual([]);
  });

  it("loses its exact body with its last delivery, and then cannot be resent", async () => {
    receiver.respondWith({ status: 200, ...ECHO });
    await customer("two");
    const before = await kept();
    const id = await publish("two");
    await attempts("two", id, 1);
    await eventually(async () => expect(await kept()).toBe(before));
    const resent = await owner.call("POST", `app/two/msg/${id}/endpoint/ep/resend`, {});
    expect([resent.status, resent.json["code"]]).toEqual([400, "message_body_destroyed"]);
    expect(filesWith("canary-4071")).toEqual([]);
  });

  it("can be resent exactly for as long as the rules keep its body", async () => {
    await customer("three");
    const rules = (await ok("GET", "redaction-rule")) as { data: { id: string }[] };
    for (const { id } of rules.data) await ok("PATCH", `redaction-rule/${id}`, { keepExactSeconds: 3600 });
    const id = await publish("three");
    await attempts("three", id, 1);
    receiver.clear();
    await ok("POST", `app/three/msg/${id}/endpoint/ep/resend`, {});
    const received = await receiver.waitFor(({ path }) => path === "/three");
    expect(received.body.toString("utf8")).toBe(PAYLOAD);
    for (const rule of rules.data) await ok("PATCH", `redaction-rule/${rule.id}`, { keepExactSeconds: 0 });
  });

  it("is transformed exactly, and the request is recorded as made from the redacted payload", async () => {
    await customer("four");
    const code = `function handler(webhook) {
      console.log(webhook.payload.customer.email);
      webhook.payload = { reversed: webhook.payload.customer.email.split("").reverse().join("") };
      return webhook;
    }`;
    await ok("PATCH", "app/four/endpoint/ep/transformation", { code, enabled: true });
    const id = await publish("four");
    const received = await receiver.waitFor(({ path }) => path === "/four");
    const reversed = CANARY.split("").toReversed().join("");
    expect(JSON.parse(received.body.toString("utf8"))).toEqual({ reversed });
    const [attempt] = await attempts("four", id, 1);
    const { text } = await owner.call("GET", `app/four/msg/${id}/attempt/${String(attempt!["id"])}`);
    expect(text).not.toContain(reversed);
    expect(text).toContain("[redacted]".split("").toReversed().join(""));
    expect(filesWith(reversed)).toEqual([]);
  });

  it("is redacted as a whole if a rule cannot be applied, and still delivered exactly", async () => {
    await customer("five");
    const id = await publish("five", `{"customer":{"email":"${CANARY}"`);
    const received = await receiver.waitFor(({ path }) => path === "/five");
    expect(received.body.toString("utf8")).toBe(`{"customer":{"email":"${CANARY}"`);
    expect((await ok("GET", `app/five/msg/${id}`))["payload"]).toEqual({ redacted: "[redacted]" });
  });

  it("that a provider sent is redacted after its signature was verified, even in quarantine", async () => {
    const source = await owner.at("ingest/api/v1", "POST", "source", {
      name: "GitHub",
      type: "github",
      secrets: ["a-secret-of-the-source"],
    });
    if (source.status !== 201) throw new Error(source.text);
    const { pathname } = new URL(String(source.json["ingestUrl"]));
    const url = `${node.url}${pathname}`;
    const sign = (secret: string): string => `sha256=${createHmac("sha256", secret).update(PAYLOAD).digest("hex")}`;
    const send = (signature: string, delivery: string) =>
      fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-github-event": "push",
          "x-github-delivery": delivery,
          "x-hub-signature-256": signature,
        },
        body: PAYLOAD,
      });
    expect((await send(sign("a-secret-of-the-source"), "1")).status).toBeLessThan(300);
    expect((await send(sign("wrong"), "2")).status).toBeGreaterThan(399);
    const id = String(source.json["id"]);
    const quarantined = await eventually(async () => {
      const { json } = await owner.at("ingest/api/v1", "GET", `source/${id}/quarantine`);
      const [first] = json["data"] as { readonly id: string }[];
      if (first === undefined) throw new Error("not yet");
      return first;
    });
    const answers = await Promise.all(
      [`source/${id}/quarantine/${quarantined.id}`, `source/${id}/event`].map((path) =>
        owner.at("ingest/api/v1", "GET", path),
      ),
    );
    for (const { text, status } of answers) {
      expect(status).toBe(200);
      expect(text).not.toContain("canary-4071");
    }
    expect(answers[0]!.text).toContain("[redacted]");
    const diagnosis = await owner.at("ingest/api/v1", "POST", `source/${id}/quarantine/${quarantined.id}/diagnose`, {});
    expect(diagnosis.text).not.toContain("canary-4071");
    expect(filesWith("canary-4071")).toEqual([]);
  });
});

describe("redaction rules", () => {
  it("can be previewed on a sample, before they are stored and after", async () => {
    const tried = await ok("POST", "redaction/try", { payload: PAYLOAD });
    expect(tried).toEqual({ payload: REDACTED, parts: 2, whole: false });
    const rules = [{ path: "$.n", action: "hash" }];
    const hashed = await ok("POST", "redaction/try", { payload: `{"n":5}`, rules });
    expect(hashed["payload"]).toMatch(/^\{"n":"hmac-[\w-]{22}"\}$/);
    expect(await ok("POST", "redaction/try", { payload: `{"n":5}`, rules })).toEqual(hashed);
  });

  it("that are not valid are rejected with the reason", async () => {
    for (const fields of [
      {},
      { path: "$.a", pattern: "a" },
      { path: "nothing" },
      { pattern: "(" },
      { pattern: "a*" },
    ]) {
      const { status } = await owner.call("POST", "redaction-rule", { action: "mask", ...fields });
      expect(status).toBe(422);
    }
  });

  it("of one application do not apply to others", async () => {
    await ok("POST", "app", { name: "six", uid: "six" });
    await ok("POST", "app", { name: "seven", uid: "seven" });
    const rule = await ok("POST", "redaction-rule", { path: "$.n", action: "mask", appId: "six" });
    const shown = async (uid: string): Promise<unknown> =>
      ((await ok("GET", `app/${uid}/msg/${await publish(uid, `{"n":7}`)}`))["payload"] as { n: unknown }).n;
    expect([await shown("six"), await shown("seven")]).toEqual(["[redacted]", 7]);
    await ok("DELETE", `redaction-rule/${String(rule["id"])}`);
    expect(await shown("six")).toBe(7);
  });

  it("of the whole organisation cannot be changed by a key of one application", async () => {
    const key = await ok("POST", "auth/api-key", { name: "k", scopes: ["read", "settings:write", "app:six"] });
    const limited = owner.as(String(key["token"]));
    const rule = { path: "$.x", action: "mask" };
    expect((await limited.call("POST", "redaction-rule", rule)).status).toBe(403);
    const own = await limited.call("POST", "app/six/redaction-rule", rule);
    expect(own.status).toBe(201);
    const { data } = (await limited.call("GET", "app/six/redaction-rule")).json as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toContain(String(own.json["id"]));
    const deleted = await Promise.all(data.map(({ id }) => limited.call("DELETE", `app/six/redaction-rule/${id}`)));
    expect(deleted.map(({ status }) => status)).toEqual(data.map(({ id }) => (id === own.json["id"] ? 204 : 404)));
    const foreign = data.find(({ id }) => id !== own.json["id"])!;
    expect((await limited.call("DELETE", `redaction-rule/${foreign.id}`)).status).toBe(403);
  });
});
