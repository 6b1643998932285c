import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Lab, startLab } from "@posthorn/egress/lab";
import { type ReceiverBehaviour, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const SECRET = "s3cret-that-nobody-may-keep";

let lab: Lab;
let receiver: Receiver;
let node: TestNode;
let tenant: Tenant;
const folder = temporaryFolder();

beforeAll(async () => {
  lab = await startLab();
  receiver = await startReceiver();
  node = await startNode(folder.path, {
    env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_MAX_REQUEST_TIMEOUT: "300" },
  });
  tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver.close();
  await lab.close();
  folder[Symbol.dispose]();
});

interface Header {
  readonly name: string;
  readonly value: string | null;
}

interface Detail {
  sentence: string | null;
  warnings: { code: string; message: string }[];
  nextAttempt: string | null;
  retryAfterMs: number | null;
  request: { method: string; url: string; headers: Header[]; bodyBytes: number };
  response: { headers: Header[]; headersCut: boolean; truncated: boolean; bodyError: string | null } | null;
  timings: Record<string, number | null>;
  connection: Record<string, unknown>;
}

interface Shown {
  attempt: Record<string, unknown>;
  detail: Detail;
  path: string;
}

/** Makes one delivery with this response, and returns its attempt as shown. */
async function attempted(response: ReceiverBehaviour, url = receiver.url): Promise<Shown> {
  receiver.clear();
  receiver.respondWith(response);
  await tenant.call("PATCH", "app/app/endpoint/ep", { url });
  const { id, msgId } = await tenant.firstAttempt();
  const path = `app/app/msg/${String(msgId)}/attempt/${String(id)}`;
  const { json } = await tenant.call("GET", path);
  return { attempt: json, detail: json["detail"] as Detail, path };
}

/** The attempts in the database, as text. */
function stored(): string {
  const db = new DatabaseSync(join(folder.path, "posthorn.db"), { readOnly: true });
  const rows = db.prepare("SELECT * FROM attempt").all();
  db.close();
  return JSON.stringify(rows);
}

describe("the detail of an attempt", () => {
  it("has every header that was sent, unchanged, except for secrets", async () => {
    await tenant.call("PUT", "app/app/endpoint/ep/headers", {
      headers: { "X-Plain": "kept", "X-Api-Key": SECRET, "X-Session-Token": SECRET, "X-Odd": `Bearer ${SECRET}` },
    });
    await tenant.call("PUT", "app/app/endpoint/ep/egress", { auth: { type: "bearer", token: SECRET } });
    const { detail } = await attempted(204);
    const [sent] = receiver.requests;
    const wire = new Map<string, string>();
    for (let i = 0; i < sent!.rawHeaders.length; i += 2) wire.set(sent!.rawHeaders[i]!, sent!.rawHeaders[i + 1]!);
    wire.delete("connection");
    const shown = new Map(detail.request.headers.map(({ name, value }) => [name, value]));
    expect([...shown.keys()].sort()).toEqual([...wire.keys()].sort());
    const hidden = [...shown].filter(([, value]) => value === null).map(([name]) => name);
    expect(hidden.sort()).toEqual(["X-Api-Key", "X-Odd", "X-Session-Token", "authorization"]);
    const seen = [...shown].filter(([, value]) => value !== null);
    expect(seen).toEqual(seen.map(([name]) => [name, wire.get(name)]));
    expect(shown.get("webhook-signature")).toMatch(/^v1,/);
    expect(detail.request).toMatchObject({ method: "POST", url: `${receiver.url}/`, bodyBytes: sent!.body.byteLength });
    await tenant.call("PUT", "app/app/endpoint/ep/headers", { headers: {} });
    await tenant.call("DELETE", "app/app/endpoint/ep/egress");
  });

  it.skipIf(onPostgres)("never has a secret in the database either, including cookies of the receiver", async () => {
    const { detail } = await attempted({ headers: { "Set-Cookie": `id=${SECRET}`, "X-Seen": "yes" } });
    expect(detail.response!.headers).toContainEqual({ name: "Set-Cookie", value: null });
    expect(detail.response!.headers).toContainEqual({ name: "X-Seen", value: "yes" });
    expect(stored()).not.toContain(SECRET);
  });

  it("has the phases and the peer, and marks a reused connection", async () => {
    const { detail, attempt } = await attempted(200);
    expect(detail.timings).toMatchObject({ totalMs: expect.any(Number), firstByteMs: expect.any(Number), tlsMs: null });
    expect(detail.timings["totalMs"]).toBeGreaterThanOrEqual(detail.timings["firstByteMs"]!);
    expect(detail.connection).toMatchObject({ peer: new URL(receiver.url).host, tlsProtocol: null });
    expect(detail.sentence).toBeNull();
    expect(attempt).toMatchObject({ status: 0, errorCode: null });
    const again = await attempted(200);
    expect(again.detail.connection).toMatchObject({ reused: true });
    expect(again.detail.timings).toMatchObject({ connectMs: null });
  });

  it("has the TLS data of the peer", async () => {
    await tenant.call("PUT", "app/app/endpoint/ep/egress", { tls: { ca: lab.certificates.ca.cert } });
    const { detail } = await attempted(200, `${lab.ports["tls-good"]}/ok`);
    expect(detail.connection).toMatchObject({
      tlsProtocol: expect.stringMatching(/^TLSv1\.[23]$/),
      certificateValidTo: expect.stringMatching(/^\d{4}-/),
    });
    expect(detail.timings["tlsMs"]).toEqual(expect.any(Number));
    await tenant.call("PUT", "app/app/endpoint/ep/egress", { tls: null });
  });

  it("limits response headers and reports that some are missing", async () => {
    const headers = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`X-${n}`, "y".repeat(300)]));
    const { detail } = await attempted({ headers });
    expect(detail.response).toMatchObject({ headersCut: true });
    expect(JSON.stringify(detail.response!.headers).length).toBeLessThan(6000);
  });

  it("explains what went wrong, how long the receiver asked to wait, and when the next attempt is due", async () => {
    const moved = await attempted({ status: 301, headers: { Location: "https://example.com/new" } });
    expect(moved.detail.sentence).toContain("https://example.com/new");
    const refused = await attempted("reset");
    expect(refused.detail).toMatchObject({ response: null, sentence: refused.attempt["response"] });
    // The last one, because it pauses the endpoint.
    const { detail, attempt } = await attempted({ status: 429, headers: { "Retry-After": "1" } });
    expect(attempt).toMatchObject({ status: 2, errorCode: "status" });
    expect(detail).toMatchObject({ retryAfterMs: 1000, sentence: expect.stringContaining("fewer requests") });
    expect(Date.parse(detail.nextAttempt!)).toBeGreaterThan(Date.parse(String(attempt["timestamp"])));
  });

  it("warns of a successful response that looks like a failure", async () => {
    const page = await attempted({ status: 200, headers: { "content-type": "text/html" }, body: "<p>Parked</p>" });
    expect(page.detail.warnings).toMatchObject([
      { code: "success_doubtful", message: expect.stringContaining("no-html") },
    ]);
    const slack = await attempted({ status: 200, body: '{"ok":false,"error":"no_channel"}' });
    expect(slack.detail.warnings).toMatchObject([
      { code: "success_doubtful", message: expect.stringContaining("slack") },
    ]);
    expect((await attempted({ status: 200, body: '{"ok":true}' })).detail.warnings).toEqual([]);
  });

  it("is deleted with the content of the attempt, and is not in lists", async () => {
    const { path, attempt } = await attempted(200);
    const list = await tenant.call("GET", `app/app/attempt/msg/${String(attempt["msgId"])}`);
    expect((list.json["data"] as object[])[0]).not.toHaveProperty("detail");
    expect(await tenant.call("DELETE", `${path}/content`)).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", path)).json).toMatchObject({ detail: null, response: "EXPUNGED" });
  });

  it.skipIf(onPostgres)("is small: a typical attempt takes less than 700 bytes", async () => {
    await attempted(200);
    const db = new DatabaseSync(join(folder.path, "posthorn.db"), { readOnly: true });
    const { bytes } = db.prepare("SELECT length(detail_json) AS bytes FROM attempt ORDER BY id DESC LIMIT 1").get()!;
    db.close();
    expect(bytes).toBeLessThan(700);
  });
});

describe("success rules", () => {
  const policy = "app/app/endpoint/ep/policy";

  it("decide what is a success, and a failure names the broken rule and is retried", async () => {
    await tenant.call("PUT", policy, { success: { rules: [{ type: "json", path: "$.ok", equals: true }] } });
    expect((await attempted({ status: 200, body: '{"ok":true}' })).attempt).toMatchObject({ status: 0 });
    const { attempt, detail } = await attempted({ status: 200, body: '{"ok":false}' });
    expect(attempt).toMatchObject({
      status: 2,
      responseStatusCode: 200,
      errorCode: "success_rule",
      response: '{"ok":false}',
    });
    expect(detail.sentence).toContain("$.ok is true");
    expect(detail.nextAttempt).not.toBeNull();
  });

  it("can accept status codes other than 2xx, and exclude some", async () => {
    await tenant.call("PUT", policy, { success: { statusCodes: ["2xx", 404] } });
    expect((await attempted(404)).attempt).toMatchObject({ status: 0, errorCode: null });
    await tenant.call("PUT", policy, { success: { statusCodes: [200] } });
    expect((await attempted(204)).attempt).toMatchObject({ status: 2, errorCode: "success_rule" });
    expect((await attempted(500)).attempt).toMatchObject({ status: 2, errorCode: "status" });
  });

  it("of a preset apply, including the application's", async () => {
    await tenant.call("PUT", policy, {});
    await tenant.call("PUT", "app/app/policy", { success: { preset: "teams" } });
    expect((await attempted({ status: 200, body: "1" })).attempt).toMatchObject({ status: 0 });
    const body = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413";
    expect((await attempted({ status: 200, body })).attempt).toMatchObject({ status: 2, errorCode: "success_rule" });
    await tenant.call("PUT", "app/app/policy", {});
  });

  it("that need more of a response than is read fail the attempt", async () => {
    await tenant.call("PUT", policy, { success: { preset: "slack" } });
    const { attempt, detail } = await attempted({ status: 200, body: "x".repeat(30_000) });
    expect(attempt).toMatchObject({ status: 2, errorCode: "success_rule" });
    expect(detail.sentence).toContain("too long");
    await tenant.call("PUT", policy, {});
  });

  it.each([
    ["rules.[0].path", { type: "json", exists: true }],
    ["rules.[0].path", { type: "json", path: "$..a..b", exists: true }],
    ["rules.[0]", { type: "json", path: "$.a" }],
    ["rules.[0]", { type: "json", path: "$.a", exists: true, equals: 1 }],
    ["rules.[0].pattern", { type: "text", pattern: "(?=a)" }],
    ["rules.[0].pattern", { type: "text", pattern: "((a{100}){100}){100}" }],
    ["rules.[0].path", { type: "text", pattern: "a", path: "$" }],
    ["rules.[0].is", { type: "contentType", is: "html" }],
    ["rules.[0].equals", { type: "json", path: "$.a", equals: [] }],
    ["rules.[0].type", { type: "xpath" }],
  ])("that cannot be used are rejected with their location: %s", async (place, rule) => {
    const { status, json } = await tenant.call("PUT", policy, { success: { rules: [rule] } });
    expect(status).toBe(422);
    expect((json["detail"] as { loc: string[] }[])[0]!.loc.join(".")).toBe(`body.success.${place}`);
  });
});

it("the timeout of an endpoint ends its attempts", async () => {
  // Longer than this test can take.
  const { status } = await tenant.call("PUT", "app/app/policy", { limits: { timeoutMs: 300_000 } });
  expect(status).toBe(200);
  await tenant.call("PUT", "app/app/endpoint/ep/policy", { limits: { timeoutMs: 100 } });
  const { attempt } = await attempted("hang");
  expect(attempt).toMatchObject({ status: 2, errorCode: "timeout" });
  await tenant.call("PUT", "app/app/endpoint/ep/policy", {});
  await tenant.call("PUT", "app/app/policy", {});
});
