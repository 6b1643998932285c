import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type TestStore } from "../../../test/support/store.ts";
import { type Held, withoutAccess } from "./entitlement.ts";

const NOW = 1_700_000_000_000;
const SCOPES = ["endpoints:write", "payloads:read"];

let files: TestStore;

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

beforeAll(async () => {
  files = await openStore();
  await files.store.transaction(async ({ db }) => {
    let id = 0;
    const key = (name: string, scopes: readonly string[] | null, applications: readonly number[] | null = null) => ({
      id: ++id,
      public_id: name,
      org_id: 1,
      name,
      hash: hash(name),
      description: "",
      networks_json: null,
      owner_id: null,
      last_used_at: null,
      created_at: NOW,
      expires_at: name === "expired" ? NOW : null,
      scopes_json: scopes === null ? null : JSON.stringify(scopes),
      applications_json: applications === null ? null : JSON.stringify(applications),
    });
    for (const row of [
      key("whole", null),
      key("expired", null),
      key("scoped", SCOPES),
      key("reader", ["payloads:read"]),
    ])
      await db.insertInto("api_key").values(row).execute();
    await db
      .insertInto("api_key")
      .values(key("of-app-2", null, [2]))
      .execute();
    const portal = (name: string, session: string | null, createdAt: number) => ({
      id: ++id,
      org_id: 1,
      app_id: 1,
      name,
      hash: hash(name),
      token_end: "",
      capabilities_json: "[]",
      session_id: session,
      created_at: createdAt,
      expires_at: name === "expired portal key" ? NOW : null,
    });
    const before = NOW - 1000;
    for (const row of [
      portal("portal key", null, before),
      portal("expired portal key", null, before),
      portal("of ended session", "ended", before),
      portal("of a later session", "ended", NOW - 10),
      portal("of other session", "other", before),
    ])
      await db.insertInto("portal_key").values(row).execute();
    await db
      .insertInto("revoked_token")
      .values({ hash: hash("revoked"), expires_at: NOW + 1000 })
      .execute();
    const end = { session_id: "ended", issued_until: NOW - 500, expires_at: NOW - 100 };
    await db
      .insertInto("token_end")
      .values({ app_id: 1, ...end })
      .execute();
    const later = { session_id: "later", issued_until: NOW - 500, expires_at: NOW + 100 };
    await db
      .insertInto("token_end")
      .values({ app_id: 1, ...later })
      .execute();
  });
});
afterAll(() => files[Symbol.asyncDispose]());

function held(principal: string, changes: Partial<Held> = {}): Held {
  return { principal, tokenHash: null, orgKey: 1, appKey: 1, confirmedAt: NOW - 1000, ...changes };
}

function portalKey(name: string, changes: Partial<Held> = {}): Held {
  // Renewed after the session was ended: the key is from before.
  return held(`portal-key:${hash(name).toString("hex")}`, { tokenHash: hash(name), confirmedAt: NOW, ...changes });
}

const KEPT = {
  "an API key with all scopes": held("key:whole"),
  "an API key with the scopes": held("key:scoped"),
  "an API key of the application": held("key:of-app-2", { appKey: 2 }),
  "a portal key": portalKey("portal key"),
  "a portal key of another session": portalKey("of other session"),
  "a portal key created after the end of the tokens": portalKey("of a later session"),
  "a portal token": held("portal:other", { tokenHash: hash("token") }),
  "a portal token renewed after the end": held("portal:ended", { confirmedAt: NOW - 10 }),
  "a portal token whose session ends later": held("portal:later"),
  "a portal token of another application": held("portal:ended", { appKey: 2 }),
  "an organisation token": held("organisation", { tokenHash: hash("token") }),
  "the server": held("organisation"),
};

const LOST = {
  "an API key that was deleted": held("key:gone"),
  "an API key that has expired": held("key:expired"),
  "an API key without a scope": held("key:reader"),
  "an API key of another application": held("key:of-app-2"),
  "an API key of another organisation": held("key:whole", { orgKey: 2 }),
  "a user without a role": held("user:gone"),
  "a portal key that was deleted": portalKey("gone"),
  "a portal key that has expired": portalKey("expired portal key"),
  "a portal key whose session was ended": portalKey("of ended session"),
  "a portal token whose session was ended": held("portal:ended"),
  "a portal token that was revoked": held("portal:other", { tokenHash: hash("revoked") }),
  "an organisation token that was revoked": held("organisation", { tokenHash: hash("revoked") }),
};

describe("of many subscriptions", () => {
  it.each([
    ...Object.entries(KEPT).map(([name, one]) => [name, one, false] as const),
    ...Object.entries(LOST).map(([name, one]) => [name, one, true] as const),
  ])("%s is checked individually", async (_, one, isLost) => {
    const all = [...Object.values(KEPT), ...Object.values(LOST)];
    expect((await withoutAccess(files.store.db, all, NOW)).includes(one)).toBe(isLost);
    expect(await withoutAccess(files.store.db, [one], NOW)).toEqual(isLost ? [one] : []);
  });
});
