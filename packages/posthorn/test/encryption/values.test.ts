/** Encrypted values of every kind: where they can be decrypted, and how a rotation changes them. */
import { randomBytes } from "node:crypto";
import { eventually, freePort, type Receiver, startReceiver } from "@posthorn/testkit";
import {
  CookieJar,
  type IdentityProvider,
  signInAtProvider,
  startIdentityProvider,
} from "@posthorn/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { totpAt } from "../../src/domain/user/totp.ts";
import { keyIdOf, SecretBox } from "../../src/lib/secret-box.ts";
import { SEALED_COLUMNS, type SealedColumn, type SealedColumnName, sealedIn } from "../../src/store/sealed-columns.ts";
import { readSealed, type SealedValue } from "../../src/store/sealed-values.ts";
import { join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { arriveAt } from "../support/provider-sign-in.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const COLUMNS = Object.entries(SEALED_COLUMNS) as unknown as readonly [SealedColumnName, SealedColumn][];
const DAY_MS = 86_400_000;
const PASSWORD = "green-lanterns-drift-away";

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let tenant: Tenant;
/** Declines subscriptions: the hub keeps such requests for days. */
let subscriber: Receiver;
let idp: IdentityProvider;

beforeAll(async () => {
  node = await startNode(folder.path, { clock, env: { POSTHORN_EGRESS_TENANT_ALLOW: "loopback" } });
  tenant = new Tenant(node);
  subscriber = await startReceiver({ response: 404 });
  await fill();
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await subscriber?.close();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function ok(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${node.url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
}

/** Stores two values in every column, in different rows. */
async function fill(): Promise<void> {
  const owner = await ownerOf(node);
  await ok("POST", "api/v1/redaction-rule", { path: "$.n", action: "mask" });
  await storeOtherValues();
  for (const n of ["one", "two"]) {
    const app = `api/v1/app/app${n}`;
    await ok("POST", "api/v1/app", { name: n, uid: `app${n}` }, { "idempotency-key": `key-${n}` });
    await ok("PUT", `${app}/egress`, { proxy: { url: "http://user:secret@127.0.0.1:8999" } });
    await ok("POST", `${app}/endpoint`, {
      url: "http://127.0.0.1:8999/hook",
      uid: "ep",
      headers: { "x-api-key": `secret-${n}` },
    });
    await ok("PUT", `${app}/endpoint/ep/egress`, { auth: { type: "bearer", token: `secret-${n}` } });
    await ok("PATCH", `${app}/endpoint/ep/transformation`, {
      code: "function handler(w) { return w; }",
      enabled: true,
    });
    await ok("POST", `${app}/endpoint`, { kind: "slack", config: { url: `https://hooks.slack.com/services/${n}` } });
    await insertErasure(n);
    await ok("POST", `${app}/msg`, { eventType: "order.made", payload: { n } });
    await ok("POST", `${app}/autoconfig`, {});
    await ok("POST", `${app}/rest-hook-token`, {});
    await subscribe(await ok("POST", `${app}/websub/topic`, {}));
    const fields = {
      name: n,
      type: "github",
      secrets: [`secret-of-the-source-${n}`],
      config: { secret: `s3cret-${n}` },
    };
    const { id, ingestUrl } = await ok("POST", "ingest/api/v1/source", fields);
    const backfill = { provider: "github", owner: "acme/shop", hookId: 1, token: `ghp_${n}` };
    await ok("PUT", `ingest/api/v1/source/${String(id)}/backfill`, backfill);
    await ok("POST", "ingest/api/v1/source", { name: n, kind: "schedule", config: { cron: "0 9 * * *" } });
    await leaveSessionAtBroker(n);
    const open = await ok("POST", "ingest/api/v1/source", { name: n, type: "generic-webhook", allowUnsigned: true });
    for (const url of [ingestUrl, open["ingestUrl"]]) {
      const headers = { authorization: `Bearer of-the-provider-${n}`, "content-type": "application/json" };
      await fetch(new URL(new URL(String(url)).pathname, node.url), { method: "POST", headers, body: `{"n":"${n}"}` });
    }
    const provider = {
      name: n,
      issuer: `https://issuer-${n}.example.com`,
      clientId: "posthorn",
      clientSecret: n.repeat(10),
    };
    await owner.send("POST", "identity-provider", provider);
  }
  await secondFactor(owner);
  await signInTwice(owner);
}

/** An erasure whose task has not started: the value is deleted when the task ends. */
async function insertErasure(value: string): Promise<void> {
  const { ids, secretBox, store } = node.services;
  const { key, id } = ids.next("erasure_");
  const row = {
    id: key,
    public_id: id,
    org_id: 1,
    app_id: null,
    task_id: key,
    path: "$.customer",
    value_sealed: secretBox.seal(value, sealedIn("erasure.value_sealed", key)),
    hash_key_sealed: secretBox.seal(value, sealedIn("erasure.hash_key_sealed", key)),
    value_hash: randomBytes(32),
    event_types_json: null,
    dry_run: 1,
    reason: "",
    requested_by: "a test",
    state: "running",
    counts_json: "{}",
    created_at: 0,
    ended_at: null,
  };
  await store.transaction(({ db }) => db.insertInto("erasure").values(row).execute());
}

/** A second organisation with redaction rules, and two broadcasts, which exist only while they run. */
async function storeOtherValues(): Promise<void> {
  const { store, secretBox } = node.services;
  const seal = (name: SealedColumnName, key: number): Uint8Array => secretBox.seal(`of ${key}`, sealedIn(name, key));
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("redaction_key")
      .values({ org_id: 999, key_sealed: seal("redaction_key.key_sealed", 999) })
      .execute();
    for (const task_id of [1, 2]) {
      const payload_sealed = seal("broadcast.payload_sealed", task_id);
      await db
        .insertInto("broadcast")
        .values({ task_id, message_json: "{}", payload: new Uint8Array(), payload_sealed })
        .execute();
    }
    for (const id of [1, 2]) {
      // For a node that does not fetch it, and not old enough to be deleted.
      const letter = { id, node_id: 999, created_at: clock.now() + DAY_MS };
      const body_sealed = seal("relay_frame.body_sealed", id);
      await db
        .insertInto("relay_frame")
        .values({ ...letter, body_sealed })
        .execute();
    }
  });
}

async function subscribe({ url, hub }: Record<string, unknown>): Promise<void> {
  const body = new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.topic": String(url),
    "hub.callback": `${subscriber.url}/callback`,
    "hub.secret": "a secret of the subscriber",
  });
  expect((await fetch(String(hub), { method: "POST", body })).status).toBe(202);
}

/** Deletes a source whose broker is unavailable, so that its session there has yet to be removed. */
async function leaveSessionAtBroker(name: string): Promise<void> {
  const config = { url: "mqtt://127.0.0.1:1", topics: "t", clientId: `client-${name}` };
  const { id } = await ok("POST", "ingest/api/v1/source", { name, kind: "mqtt", config });
  await ok("DELETE", `ingest/api/v1/source/${String(id)}`);
}

/** Two sessions that an identity provider vouched for. */
async function signInTwice(owner: TestBrowser): Promise<void> {
  const port = await freePort();
  const secret = "a secret of 32 characters, or more";
  const { json: provider } = await owner.send("POST", "identity-provider", {
    name: "Acme",
    issuer: `http://127.0.0.1:${port}`,
    clientId: "posthorn",
    clientSecret: secret,
    scopes: "openid profile email groups",
    roles: [{ group: "staff", role: "viewer" }],
  });
  const client = { redirectUri: String(provider["redirectUri"]), afterLogoutUri: String(provider["afterLogoutUri"]) };
  idp = await startIdentityProvider({
    port,
    clients: [{ ...client, clientId: "posthorn", clientSecret: secret, backchannelUri: String(provider["logoutUri"]) }],
    people: { ada: { name: "Ada", email: "ada@acme.example", email_verified: true, groups: ["staff"] } },
  });
  for (let session = 0; session < 2; session++) {
    const browser = new TestBrowser(node);
    const { json } = await browser.send("POST", "sign-in/provider", { provider: provider["id"], returnTo: "/" });
    const callback = await signInAtProvider(String(json["url"]), "ada", node.url, new CookieJar());
    expect(await arriveAt(node, browser, callback)).toEqual({ location: "/", problem: null });
  }
}

/** Two persons with a confirmed second factor, and two who have not confirmed it. */
async function secondFactor(owner: TestBrowser): Promise<void> {
  for (const name of ["jean", "grace", "alan", "mary"]) {
    const browser = await join(node, owner, { email: `${name}@engines.example`, role: "viewer" }, PASSWORD);
    const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    if (name === "alan" || name === "mary") continue;
    const code = totpAt(String(json["secret"]), Math.floor(clock.now() / 30_000));
    await browser.send("POST", "profile/second-factor/confirm", { code });
  }
}

async function valuesOf(name: SealedColumnName): Promise<readonly SealedValue[]> {
  return (await readSealed(node.services.store.db, name, null)).values;
}

describe("an encrypted value", () => {
  it("exists twice in every column", async () => {
    await eventually(async () => expect((await valuesOf("quarantine.request_json")).length).toBeGreaterThan(1));
    const few: string[] = [];
    for (const [name] of COLUMNS) if ((await valuesOf(name)).length < 2) few.push(name);
    expect(few).toEqual([]);
  });

  it("can be decrypted in its own row, and in no other row of its column or of another column", async () => {
    const { secretBox } = node.services;
    const all: (SealedValue & { readonly name: string })[] = [];
    for (const [name] of COLUMNS) all.push(...(await valuesOf(name)).map((value) => ({ ...value, name })));
    const moved: string[] = [];
    for (const value of all) {
      if (!secretBox.opens(value.sealed, value.context)) moved.push(`${value.context} does not open`);
      for (const other of all) {
        if (other.context === value.context) continue;
        if (secretBox.opens(value.sealed, other.context)) moved.push(`${value.context} → ${other.context}`);
      }
    }
    expect(moved).toEqual([]);
    expect(new Set(all.map(({ context }) => context)).size).toBe(all.length);
  });

  it("that was copied to another row is rejected by the operation that decrypts it", async () => {
    const { store } = node.services;
    const secrets = await store.db
      .selectFrom("endpoint_secret")
      .select(["id", "secret_sealed"])
      .orderBy("id")
      .execute();
    const [one, two] = [secrets[0]!, secrets[1]!];
    const setSecret = (secret_sealed: Uint8Array) =>
      store.transaction(({ db }) =>
        db.updateTable("endpoint_secret").set({ secret_sealed }).where("id", "=", one.id).execute(),
      );
    const path = "api/v1/app/appone/endpoint/ep/secret";
    const before = await ok("GET", path);
    await setSecret(two.secret_sealed);
    await expect(ok("GET", path)).rejects.toThrow("storage_corrupt");
    await setSecret(one.secret_sealed);
    expect(await ok("GET", path)).toEqual(before);
  });

  it("of the URL of a source is rejected if it was copied between the URLs of one source", async () => {
    const { store } = node.services;
    const rows = await store.db.selectFrom("source_token").selectAll().limit(1).execute();
    const { token_sealed: sealed, source_id: source, hash } = rows[0]!;
    const path = `ingest/api/v1/source/${await sourceId(source)}`;
    await ok("POST", `${path}/token/rotate`);
    const others = ({ db }: Pick<typeof store, "db">) =>
      db.updateTable("source_token").set({ token_sealed: sealed }).where("source_id", "=", source);
    await store.transaction((tx) => others(tx).where("hash", "<>", hash).execute());
    await expect(ok("GET", path)).rejects.toThrow("storage_corrupt");
    await store.transaction(({ db }) =>
      db.deleteFrom("source_token").where("source_id", "=", source).where("hash", "<>", hash).execute(),
    );
  });
});

async function sourceId(key: number): Promise<string> {
  const { db } = node.services.store;
  const row = await db.selectFrom("source").select("public_id").where("id", "=", key).executeTakeFirstOrThrow();
  return row.public_id;
}

describe("a rotation", () => {
  it("encrypts every value of every column again, after which only the new key decrypts it, and the audit log stays intact", async () => {
    const contents = async (): Promise<Map<string, string>> => {
      const found = new Map<string, string>();
      for (const [name] of COLUMNS) {
        for (const { sealed, context } of await valuesOf(name)) {
          found.set(context, node.services.secretBox.open(sealed, context));
        }
      }
      return found;
    };
    const before = await contents();
    const [oldKey] = await keys();
    const { keyId } = await auditHead();
    const done = await finished(await ok("POST", "api/v1/encryption/rotate"));
    expect(done).toMatchObject({ status: "finished", data: { phase: "destroy", waitingFor: [] } });

    expect(Object.fromEntries(await contents())).toMatchObject(Object.fromEntries(before));
    const now = await keys();
    expect(now.map(({ state }) => state)).toEqual(["sealing", "destroyed"]);
    const keyIds = new Set<number>();
    for (const [name] of COLUMNS) for (const { sealed } of await valuesOf(name)) keyIds.add(keyIdOf(sealed));
    expect([...keyIds]).toEqual([now[0]!.id]);
    expect(now.at(-1)!.id).toBe(oldKey!.id);
    const { rows } = await sql<{
      wrapped: unknown;
    }>`SELECT wrapped FROM encryption_key WHERE state = 'destroyed'`.execute(node.services.store.db);
    expect(rows).toEqual([{ wrapped: null }]);

    const verification = await ok("GET", "api/v1/audit/verification");
    expect(verification).toMatchObject({ intact: true });
    expect((await auditHead()).keyId).not.toBe(keyId);
    expect(await finished(await ok("POST", "api/v1/encryption/verify"))).toMatchObject({
      status: "finished",
      data: { failed: 0, failures: [] },
    });
  });

  it("does not destroy a key while a value cannot be decrypted, names the value, and destroys the key once the value is repaired", async () => {
    const { store } = node.services;
    const row = await store.db.selectFrom("auto_config").select(["id", "secret_sealed"]).executeTakeFirstOrThrow();
    const set = (secret_sealed: Uint8Array) =>
      store.transaction(({ db }) =>
        db.updateTable("auto_config").set({ secret_sealed }).where("id", "=", row.id).execute(),
      );
    await set(SecretBox.withKey(randomBytes(32)).seal("text", sealedIn("auto_config.secret_sealed", row.id)));
    const failed = await finished(await ok("POST", "api/v1/encryption/rotate"));
    expect(failed).toMatchObject({
      status: "failed",
      data: { error: expect.stringContaining("1 values cannot be decrypted. No key was destroyed.") },
    });
    expect((await keys()).map(({ state }) => state)).toEqual(["sealing", "opening", "destroyed"]);
    expect(await finished(await ok("POST", "api/v1/encryption/verify"))).toMatchObject({
      status: "failed",
      data: { failed: 1, failures: [`auto_config.secret_sealed of row ${row.id}`] },
    });
    await set(row.secret_sealed);
    expect(await finished(await ok("POST", "api/v1/encryption/rotate"))).toMatchObject({ status: "finished" });
    expect((await keys()).map(({ state }) => state)).toEqual(["sealing", "destroyed", "destroyed", "destroyed"]);
  });

  it("is rejected for other organisations, and while another one runs", async () => {
    const other = tenant.as(await node.tokenOf("org_other"));
    expect((await other.call("GET", "encryption")).status).toBe(403);
    expect((await other.call("POST", "encryption/rotate")).status).toBe(403);
    const task = await ok("POST", "api/v1/encryption/rotate");
    expect((await tenant.call("POST", "encryption/rotate")).json["code"]).toBe("conflict");
    expect(await finished(task)).toMatchObject({ status: "finished" });
  });
});

interface Key {
  readonly id: number;
  readonly state: string;
}

/** Newest first. */
async function keys(): Promise<readonly Key[]> {
  return (await ok("GET", "api/v1/encryption"))["keys"] as readonly Key[];
}

async function auditHead(): Promise<{ readonly keyId: string }> {
  const head = await node.services.store.db.selectFrom("audit_head").select("key_id").executeTakeFirstOrThrow();
  return { keyId: head.key_id };
}

/** Moves the clock past the time in which requests complete, so that a rotation ends at once. */
async function finished({ id }: Record<string, unknown>): Promise<Record<string, unknown>> {
  return eventually(async () => {
    clock.advance(1000);
    const task = await ok("GET", `api/v1/background-task/${String(id)}`);
    if (task["status"] === "running") throw new Error(`still running: ${JSON.stringify(task["data"])}`);
    return task;
  });
}
