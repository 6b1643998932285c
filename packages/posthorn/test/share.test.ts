/** Links that show a message or an attempt to people without an account. */
import { eventually, startReceiver, type Receiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { expireShareLinks } from "../src/domain/share/share.ts";
import { redactBody } from "../src/domain/share/redact.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
let message: string;
let attempt: string;

beforeAll(async () => {
  receiver = await startReceiver({ response: { status: 200, body: '{"ok":true,"iban":"DE02"}' } });
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://in.example.com" } });
  tenant = new Tenant(node);
  await tenant.setUp(`${receiver.url}/hook/s3cret`);
  const payload = { order: 17, customer: { email: "ada@example.com", name: "<script>alert(1)</script>" } };
  const { json } = await tenant.call("POST", "app/app/msg", { eventType: "order.paid", payload });
  message = String(json["id"]);
  attempt = await eventually(async () => {
    const list = await tenant.call("GET", `app/app/attempt/msg/${message}`);
    const [first] = list.json["data"] as { readonly id: string }[];
    return first?.id ?? Promise.reject(new Error("no attempt yet"));
  });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await receiver?.close();
  folder[Symbol.dispose]();
});

interface Shared {
  readonly id: string;
  readonly url: string;
}

async function share(body: object = {}): Promise<Shared> {
  const { status, json, text } = await tenant.call("POST", `app/app/msg/${message}/share`, body);
  if (status !== 201) throw new Error(text);
  return json as unknown as Shared;
}

async function open(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(new URL(url).pathname, node.url), { headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function views(): Promise<Record<string, unknown>[]> {
  const { json } = await tenant.call("GET", "audit?limit=250&action=share.view");
  return json["data"] as Record<string, unknown>[];
}

describe("a shared link", () => {
  it("shows the message without an account, as text, for 7 days by default", async () => {
    const { url, id } = await share();
    const { status, text } = await open(url);
    expect(status).toBe(200);
    expect(text).toContain("order.paid");
    expect(text).toContain("ada@example.com");
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toContain("<script");
    // Of the endpoint's URL, only the origin.
    expect(text).not.toContain("s3cret");
    const { json } = await tenant.call("GET", `app/app/msg/${message}/share`);
    const [link] = json["data"] as Record<string, unknown>[];
    expect(link).toMatchObject({ id, state: "active", views: 1, attemptId: null });
    expect(link).not.toHaveProperty("url");
    const days = (Date.parse(String(link!["expiresAt"])) - Date.parse(String(link!["createdAt"]))) / 86_400_000;
    expect(days).toBe(7);
  });

  it("shows an attempt with its response", async () => {
    const { url } = await share({ attemptId: attempt });
    const { text } = await open(url, { "accept-language": "de-DE,de;q=0.9" });
    expect(text).toContain('<html lang="de">');
    expect(text).toContain("HTTP 200");
    expect(text).toContain("DE02");
    expect(text).not.toContain("s3cret");
  });

  it("has headers that exclude search engines, other sites, caches and scripts", async () => {
    const { headers } = await open((await share()).url);
    expect(headers.get("x-robots-tag")).toContain("noindex");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("no-store");
    const policy = headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("script-src");
    expect(policy).not.toContain("unsafe-inline");
  });

  it("does not store its token", async () => {
    const { url } = await share();
    const token = url.split("/").at(-1)!;
    const rows = await node.services.store.db.selectFrom("share_link").selectAll().execute();
    const stored = rows.map((row) => `${JSON.stringify(row)} ${Buffer.from(row.token_hash).toString("latin1")}`).join();
    expect(stored).not.toContain(token);
  });

  it("hides headers, fields and bodies as requested", async () => {
    const fields = await share({
      redact: { fields: ["$.customer.email", "$..iban"], headers: ["content-type"] },
      attemptId: attempt,
    });
    const { text } = await open(fields.url);
    expect(text).not.toContain("ada@example.com");
    expect(text).not.toContain("DE02");
    expect(text).toContain("[redacted]");
    expect(text).toContain("17");
    const whole = await open((await share({ redact: { hideBodies: true } })).url);
    expect(whole.text).not.toContain("ada@example.com");
    const wrong = await tenant.call("POST", `app/app/msg/${message}/share`, { redact: { fields: ["customer"] } });
    expect(wrong.status).toBe(422);
  });

  it("leaves one audit entry for each view, with the address of the reader, before the response", async () => {
    const { url, id } = await share();
    const before = (await views()).length;
    await open(url, { "user-agent": "reader/1" });
    await open(url, { "user-agent": "reader/1" });
    const entries = await views();
    expect(entries.length).toBe(before + 2);
    expect(entries[0]).toMatchObject({
      type: "view",
      actor: { kind: "link", id },
      target: { kind: "message", id: message },
      ip: "127.0.0.1",
      userAgent: "reader/1",
    });
    const sign = vi.spyOn(node.services.auditSigner, "sign").mockImplementation(() => {
      throw new Error("The disk is full.");
    });
    const refused = await open(url);
    sign.mockRestore();
    expect(refused.status).toBe(500);
    expect(refused.text).not.toContain("order");
  });

  it("has the same response when it is revoked, expired, unknown or malformed", async () => {
    const revoked = await share();
    expect((await tenant.call("DELETE", `share/${revoked.id}`)).status).toBe(204);
    expect((await tenant.call("DELETE", `share/${revoked.id}`)).status).toBe(204);
    const expired = await share({ expiresInSeconds: 60 });
    await node.services.store.transaction(async ({ db }) => {
      await db
        .updateTable("share_link")
        .set({ expires_at: Date.now() - 1 })
        .where("public_id", "=", expired.id)
        .execute();
    });
    const base = revoked.url.slice(0, revoked.url.lastIndexOf("/") + 1);
    const urls = [revoked.url, expired.url, `${base}${"A".repeat(43)}`, `${base}x`, `${base}%00`];
    const before = (await views()).length;
    const responses = await Promise.all(urls.map((url) => open(url)));
    expect(new Set(responses.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(responses[0]!.status).toBe(404);
    expect((await views()).length).toBe(before);
    const { json } = await tenant.call("GET", "share");
    const states = new Map((json["data"] as { id: string; state: string }[]).map((link) => [link.id, link.state]));
    expect([states.get(revoked.id), states.get(expired.id)]).toEqual(["revoked", "expired"]);
  });

  it("cannot be created or revoked by another organisation, nor with a token of an application", async () => {
    const { id } = await share();
    const stranger = new Tenant(node, await node.tokenOf("org_000000000000000000000other"));
    expect((await stranger.call("DELETE", `share/${id}`)).status).toBe(404);
    expect((await stranger.call("POST", `app/app/msg/${message}/share`, {})).status).toBe(404);
    const portal = await tenant.portal(["ViewBase"]);
    expect((await portal.call("POST", `app/app/msg/${message}/share`, {})).status).toBe(403);
  });

  it("is deleted some time after its end", async () => {
    const { id } = await share();
    await node.services.store.transaction(async ({ db }) => {
      await db.updateTable("share_link").set({ expires_at: 1 }).where("public_id", "=", id).execute();
    });
    await expireShareLinks(node.services);
    const row = await node.services.store.db
      .selectFrom("share_link")
      .select("id")
      .where("public_id", "=", id)
      .executeTakeFirst();
    expect(row).toBeUndefined();
  });

  it("is limited in the number of requests from one address", async () => {
    const { url } = await share();
    const statuses: number[] = [];
    for (let number = 0; number < 70; number++) statuses.push((await open(`${url.slice(0, -1)}x`)).status);
    expect(statuses).toContain(429);
  });
});

describe("a redacted body", () => {
  const redaction = { hideBodies: false, headers: [], fields: ["$..secret"] };

  it("is hidden as a whole if it is not JSON, or nested too deeply", () => {
    expect(redactBody(Buffer.from("secret=1"), redaction).kind).toBe("hidden");
    const deep = `${'{"secret":'.repeat(500)}1${"}".repeat(500)}`;
    expect(redactBody(Buffer.from(deep), redaction).kind).toBe("hidden");
  });

  it("has each match masked, including nested ones and whole objects", () => {
    const body = { secret: { secret: 1 }, list: [{ secret: "a" }, { open: "b" }] };
    const { text } = redactBody(Buffer.from(JSON.stringify(body)), redaction);
    expect(JSON.parse(text)).toEqual({ secret: "[redacted]", list: [{ secret: "[redacted]" }, { open: "b" }] });
    expect(redactBody(Buffer.from('{"a":1}'), { ...redaction, fields: ["$"] }).text).toBe('"[redacted]"');
  });
});
