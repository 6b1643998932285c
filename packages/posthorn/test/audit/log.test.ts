/** The audit log of a running node: chain, tampering, retention, export and forwarding. */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { pruneAudit } from "../../src/domain/audit/prune.ts";
import { disableFailing } from "../../src/domain/health/auto-disable.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let tenant: Tenant;

beforeAll(async () => {
  // Several organisations need an origin for inbound webhooks.
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://in.example.com" } });
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Each test has its own organisation, and with it its own chain. */
beforeEach(async () => {
  tenant = new Tenant(node, await node.tokenOf(`org_${randomUUID().replaceAll("-", "").slice(0, 27)}`));
});

type Fields = Record<string, unknown>;

async function list(query = ""): Promise<Fields[]> {
  const { json } = await tenant.call("GET", `audit?limit=250${query}`);
  return json["data"] as Fields[];
}

/** The first entry of each chain: the organisation was created when its token was used. */
const CREATED = "system.organisation.create";

async function actions(): Promise<unknown[]> {
  return (await list()).map(({ action }) => action);
}

async function problems(): Promise<unknown> {
  const { json } = await tenant.call("GET", "audit/verification");
  return (json["problems"] as { readonly code: string }[]).map(({ code }) => code);
}

/** Makes this many changes. */
async function change(count: number): Promise<void> {
  for (let number = 0; number < count; number++) await tenant.call("POST", "app", { name: `App ${number}` });
}

async function orgKey(): Promise<number> {
  const [entry] = await list();
  const row = await node.services.store.db
    .selectFrom("organisation")
    .select("id")
    .where("public_id", "=", String(entry!["organisation"]))
    .executeTakeFirstOrThrow();
  return row.id;
}

const transact = (work: Parameters<TestNode["services"]["store"]["transaction"]>[0]) =>
  node.services.store.transaction(work, "test");

describe("an entry", () => {
  it("names the operation, the actor, the target and the changed fields, without secrets", async () => {
    const app = await tenant.call("POST", "app", { name: "Acme", uid: "acme" });
    await tenant.call("POST", "app/acme/endpoint", { url: "https://example.com/hook/s3cret", uid: "ep" });
    await tenant.call("PATCH", "app/acme/endpoint/ep", { disabled: true, url: "https://example.org/hook/s3cret" });
    const [patched, created] = await list();
    expect(created).toMatchObject({ action: "v1.endpoint.create", target: { kind: "endpoint" } });
    expect(patched).toMatchObject({
      type: "change",
      action: "v1.endpoint.patch",
      actor: { kind: "token", id: null, name: null },
      target: { kind: "endpoint", id: (created!["target"] as Fields)["id"] },
      application: app.json["id"],
      ip: "127.0.0.1",
      detail: {
        fields: ["disabled", "url"],
        changes: [
          { field: "disabled", from: false, to: true },
          { field: "url", from: "https://example.com", to: "https://example.org" },
        ],
      },
    });
    expect(JSON.stringify(await list())).not.toContain("s3cret");
  });

  it("has the name that the API key had at the time of the call", async () => {
    const key = await tenant.call("POST", "auth/api-key", { name: "CI" });
    await tenant.as(String(key.json["token"])).call("POST", "app", { name: "Acme" });
    await tenant.call("PATCH", `auth/api-key/${String(key.json["id"])}`, { name: "Renamed" });
    const [entry] = await list("&action=v1.application.create");
    expect(entry).toMatchObject({ actor: { kind: "key", id: key.json["id"], name: "CI" } });
    expect(await list(`&actor=${String(key.json["id"])}`)).toHaveLength(1);
  });

  it("records a view of the matching of a message only if a filter reveals something about the payload", async () => {
    await tenant.call("POST", "app", { name: "Acme", uid: "acme" });
    const look = async (): Promise<number> => {
      const { json } = await tenant.call("POST", "app/acme/msg", { eventType: "a", payload: { amount: 1 } });
      await tenant.call("GET", `app/acme/msg/${String(json["id"])}/matching`);
      return (await list("&action=v1.message.get-matching")).length;
    };
    await tenant.call("POST", "event-type", { name: "b", description: "" });
    await tenant.call("POST", "app/acme/endpoint", { url: "https://example.com/", uid: "ep", filterTypes: ["b"] });
    expect(await look()).toBe(0);
    const filter = { payload: { amount: { $gt: 5 } } };
    expect((await tenant.call("PUT", "app/acme/endpoint/ep/filter", { filter })).status).toBeLessThan(300);
    await tenant.call("PATCH", "app/acme/endpoint/ep", { filterTypes: null });
    expect(await look()).toBe(1);
  });

  it("is not repeated for a POST that repeats another with the same idempotency key", async () => {
    const post = () =>
      fetch(`${node.url}/api/v1/app`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": "one" },
        body: JSON.stringify({ name: "Once" }),
      });
    const token = await node.tokenOf("org_00000000000000000000000once");
    tenant = new Tenant(node, token);
    const ids = await Promise.all([post(), post(), post()].map(async (response) => (await (await response).json()).id));
    expect(new Set(ids).size).toBe(1);
    expect(await actions()).toEqual(["v1.application.create", CREATED]);
  });

  it("is committed before the payload is shown: if that fails, the response has no payload", async () => {
    await tenant.setUp("https://example.com/");
    const message = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { canary: "c4nary" } });
    const { auditSigner } = node.services;
    const sign = vi.spyOn(auditSigner, "sign").mockImplementation(() => {
      throw new Error("The disk is full.");
    });
    const path = `app/app/msg/${String(message.json["id"])}`;
    const refused = await tenant.call("GET", path);
    sign.mockRestore();
    expect(refused.status).toBe(500);
    expect(refused.text).not.toContain("c4nary");
    expect((await tenant.call("GET", path)).text).toContain("c4nary");
  });

  it("is written for changes that the server makes on its own", async () => {
    await tenant.setUp("https://example.com/");
    const row = await node.services.store.db
      .selectFrom("endpoint")
      .select("id")
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirstOrThrow();
    await disableFailing(node.services, row.id, { since: 1000, failures: 5, reason: "failing" });
    const [entry] = await list();
    expect(entry).toMatchObject({
      action: "system.endpoint.disable",
      actor: { kind: "system" },
      detail: { facts: { failures: 5, reason: "failing" } },
    });
  });
});

describe("the log", () => {
  it("is paged and filtered by type, target, application and time", async () => {
    await change(5);
    await tenant.setUp("https://example.com/");
    await tenant.call("GET", "app/app/endpoint/ep/secret");
    const first = await tenant.call("GET", "audit?limit=3");
    const second = await tenant.call("GET", `audit?limit=250&iterator=${String(first.json["iterator"])}`);
    expect([...(first.json["data"] as Fields[]), ...(second.json["data"] as Fields[])]).toEqual(await list());
    const [view] = await list("&type=view");
    expect(view).toMatchObject({ action: "v1.endpoint.get-secret" });
    expect(await list(`&target=${String((view!["target"] as Fields)["id"])}`)).toHaveLength(2);
    expect((await list("&app_id=app")).length).toBe(3);
    expect(await list(`&after=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    const mistaken = await tenant.call("GET", "audit?type=other");
    expect(mistaken.status).toBe(400);
  });

  it("of another organisation is not readable, nor with a token of an application", async () => {
    await tenant.setUp("https://example.com/");
    const stranger = new Tenant(node, await node.tokenOf("org_000000000000000000000other"));
    const { json } = await stranger.call("GET", "audit");
    expect((json["data"] as Fields[]).map(({ action }) => action)).toEqual([CREATED]);
    const portal = await tenant.portal(["ViewBase"]);
    expect((await portal.call("GET", "audit")).status).toBe(403);
    expect((await portal.call("GET", "audit/export")).status).toBe(403);
  });

  it("has one unbroken chain after 50 concurrent changes", async () => {
    const statuses = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, number) => (await tenant.call("POST", "app", { name: `App ${number}` })).status,
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([201]));
    const entries = await list();
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 51 }, (_, index) => 51 - index));
    expect(await problems()).toEqual([]);
  });
});

describe("a manipulation of the database is found", () => {
  it("when an entry is changed", async () => {
    await change(5);
    const org = await orgKey();
    await transact(({ db }) =>
      db
        .updateTable("audit_entry")
        .set({ actor_kind: "system" })
        .where("org_id", "=", org)
        .where("seq", "=", 3)
        .execute(),
    );
    expect(await problems()).toEqual(["entry_changed"]);
  });

  it("when an entry is removed", async () => {
    await change(5);
    const org = await orgKey();
    await transact(({ db }) => db.deleteFrom("audit_entry").where("org_id", "=", org).where("seq", "=", 3).execute());
    expect(await problems()).toEqual(["entry_missing"]);
  });

  it("when the end is removed, and stays visible after further changes", async () => {
    await change(5);
    const org = await orgKey();
    const kept = await node.services.store.db
      .selectFrom("audit_entry")
      .select("hash")
      .where("org_id", "=", org)
      .where("seq", "=", 3)
      .executeTakeFirstOrThrow();
    await transact(({ db }) => db.deleteFrom("audit_entry").where("org_id", "=", org).where("seq", ">", 3).execute());
    expect(await problems()).toEqual(["end_missing"]);
    await transact(({ db }) =>
      db.updateTable("audit_head").set({ seq: 3, hash: kept.hash }).where("org_id", "=", org).execute(),
    );
    expect(await problems()).toEqual(["signature_invalid"]);
    await change(1);
    expect((await list()).map(({ action }) => action).slice(0, 2)).toEqual([
      "v1.application.create",
      "system.audit.invalid-head",
    ]);
    expect(await problems()).toEqual(["head_was_invalid"]);
  });

  it("when the head is removed, and changes continue", async () => {
    await change(2);
    const org = await orgKey();
    await transact(({ db }) => db.deleteFrom("audit_head").where("org_id", "=", org).execute());
    expect(await problems()).toEqual(["head_missing"]);
    await change(1);
    expect(await problems()).toEqual(["head_was_invalid"]);
  });
});

describe("retention", () => {
  it("deletes the oldest entries, and the rest still verifies", async () => {
    await change(5);
    const org = await orgKey();
    const at = Date.now() - 10 * 86_400_000;
    const before = await list();
    // Their times are part of the hash, so the clock is moved instead.
    vi.spyOn(node.services, "now").mockReturnValue(Date.now() + 10 * 86_400_000);
    await change(2);
    await pruneAudit(node.services, 86_400_000, {
      signal: new AbortController().signal,
      pause: () => Promise.resolve(),
    });
    vi.restoreAllMocks();
    const after = await list();
    expect(after.map(({ sequence }) => sequence)).toEqual([8, 7]);
    const { json } = await tenant.call("GET", "audit/verification");
    expect(json).toMatchObject({
      intact: true,
      complete: true,
      head: { sequence: 8, prunedSequence: 6, prunedHash: before[0]!["hash"] },
    });
    expect([org, at].every(Number.isFinite)).toBe(true);
  });
});

describe("an export", () => {
  async function command(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
    const written: string[] = [];
    const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const error = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const code = await runProgram(["audit", ...args]);
    out.mockRestore();
    error.mockRestore();
    return { code, text: written.join("") };
  }

  it("verifies, and does not after a line was changed or removed", async () => {
    await change(4);
    const access = ["--url", node.url, "--token", await node.tokenOf(String((await list())[0]!["organisation"]))];
    const verified = await command("verify", ...access);
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining("The audit log is intact: 6 entries") });
    const exported = await command("export", ...access);
    const lines = exported.text.trim().split("\n");
    expect(lines.length).toBe(1 + 7);
    const file = join(folder.path, `${randomUUID()}.ndjson`);
    const check = (changed: readonly string[], ...more: string[]) => {
      writeFileSync(file, `${changed.join("\n")}\n`);
      return command("verify", "--file", file, ...more);
    };
    expect((await check(lines)).code).toBe(0);
    expect((await check(lines.toSpliced(2, 1))).text).toContain("entry_missing");
    expect(
      (await check(lines.with(2, lines[2]!.replace("App 1", "App 9").replace("127.0.0.1", "127.0.0.2")))).text,
    ).toContain("entry_changed");
    expect((await check(lines.slice(0, -1))).text).toContain("end_missing");
    expect((await check(lines, "--public-key", Buffer.alloc(32, 1).toString("base64"))).code).toBe(1);
    const second = JSON.parse(lines[2]!) as { readonly hash: string };
    expect((await check(lines, "--expect", `2:${second.hash}`)).code).toBe(0);
    expect((await check(lines, "--expect", `2:${"0".repeat(64)}`)).code).toBe(1);
    const filtered = await fetch(`${node.url}/api/v1/audit/export?type=view`, {
      headers: { authorization: `Bearer ${access[3]!}` },
    });
    expect((await check((await filtered.text()).trim().split("\n"))).text).toContain("Only a complete export");
  });
});

describe("forwarding", () => {
  it("sends each entry to operational endpoints that name the type, and to no others", async () => {
    await using receiver = await startReceiver();
    await tenant.call("POST", "operational-webhook/endpoint", {
      url: `${receiver.url}/named`,
      eventTypes: ["audit.recorded"],
    });
    await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/all` });
    await tenant.call("POST", "app", { name: "Acme" });
    const [entry] = await list("&action=v1.application.create");
    await eventually(() => {
      const bodies = receiver.requests.map(({ path, body }) => ({ path, ...(JSON.parse(String(body)) as Fields) }));
      expect(bodies).toContainEqual(
        expect.objectContaining({ path: "/named", type: "audit.recorded", data: entry }) as unknown,
      );
      expect(bodies.filter(({ path }) => path === "/all")).toEqual([]);
    });
  });
});
