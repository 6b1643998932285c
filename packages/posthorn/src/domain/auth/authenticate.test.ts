import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldReads } from "../../../test/support/held-reads.ts";
import { openStore, type TestStore } from "../../../test/support/store.ts";
import { keyOfId } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { hashToken } from "./hash-token.ts";
import { SESSION_PREFIX } from "../session/identity.ts";
import { Authenticator } from "./authenticate.ts";

const NOW = 1_700_000_000_000;
const ORGANISATION = "org_00000000000000000000000test";
const APPLICATION = "app_000000000000000000000000001";

let files: TestStore;
let authenticator: Authenticator;

beforeAll(async () => {
  files = await openStore();
  authenticator = authenticatorOver(files.store);
});

function authenticatorOver(store: Store): Authenticator {
  return new Authenticator({
    store,
    jwtSecret: "a-secret-of-this-test-with-32-characters",
    now: () => NOW,
    ensureOrganisation: () => Promise.resolve(1),
  });
}

afterAll(() => files[Symbol.asyncDispose]());

const sign = (sid: string): Promise<string> =>
  authenticator.sign({ sub: APPLICATION, org: ORGANISATION, sid, exp: NOW / 1000 + 60 });
const revoke = (text: string): Promise<unknown> =>
  files.store.transaction(({ db }) =>
    db
      .insertInto("revoked_token")
      .values({ hash: createHash("sha256").update(text).digest(), expires_at: NOW + 60_000 })
      .execute(),
  );

/** A browser session without a person. */
function insertSession(secret: string): Promise<unknown> {
  return files.store.transaction(async ({ db }) => {
    await db
      .insertInto("organisation")
      .values({ id: 1, public_id: ORGANISATION, name: "", created_at: NOW })
      .onConflict((on) => on.doNothing())
      .execute();
    const at = { created_at: NOW, last_used_at: NOW, expires_at: NOW + 60_000, second_factor_at: null };
    const client = { ip: "", user_agent: "" };
    const provider = { provider_id: null, provider_subject: null, provider_session: null, id_token_sealed: null };
    const session = { id: 1, public_id: "ses_1", hash: hashToken(secret), person_id: null, org_id: 1 };
    await db
      .insertInto("person_session")
      .values({ ...session, kind: "browser", ...at, ...client, ...provider })
      .execute();
  });
}

describe("a revoked token", () => {
  it("is rejected by the hash of its signed part", async () => {
    const token = await sign("new");
    expect(await authenticator.identify(token)).toMatchObject({ expiresAt: NOW + 60_000 });
    await revoke(token.slice(0, token.lastIndexOf(".")));
    authenticator.forget();
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: "authentication_failed" });
  });

  it("is rejected by the hash of the whole token, which earlier versions stored", async () => {
    const [token, other] = [await sign("old"), await sign("other")];
    await revoke(token);
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: "authentication_failed" });
    expect(await authenticator.authenticate(other)).toMatchObject({ sessionId: "other" });
  });
});

describe("a revocation during a look-up", () => {
  it("keeps the token out of the cache", async () => {
    const { store, hold } = heldReads(files.store);
    const own = authenticatorOver(store);
    const token = await sign("during");
    const held = hold();
    const before = own.identify(token);
    await held.read;
    await revoke(token.slice(0, token.lastIndexOf(".")));
    own.forget();
    held.release();
    await before;
    expect(own.known(token)).toBeNull();
    await expect(own.authenticate(token)).rejects.toMatchObject({ code: "authentication_failed" });
  });

  it("keeps the session out of the cache", async () => {
    const { store, hold } = heldReads(files.store);
    const own = authenticatorOver(store);
    const secret = `${SESSION_PREFIX}during`;
    await insertSession(secret);
    const held = hold();
    const before = own.identifySession(secret);
    await held.read;
    await files.store.transaction(({ db }) =>
      db.deleteFrom("person_session").where("hash", "=", hashToken(secret)).execute(),
    );
    own.forget();
    held.release();
    await before;
    await expect(own.identifySession(secret)).rejects.toMatchObject({ code: "authentication_failed" });
  });
});

describe("the actor of a token", () => {
  it("includes the time at which its tokens are revoked, not only when it expires", async () => {
    const token = await sign("ended");
    const ends = {
      app_id: keyOfId("app_", APPLICATION)!,
      session_id: "ended",
      issued_until: NOW,
      expires_at: NOW + 5000,
    };
    await files.store.transaction(({ db }) => db.insertInto("token_end").values(ends).execute());
    const ending = { expiresAt: NOW + 5000, actor: { tokenExpiresAt: NOW + 5000 } };
    expect(await authenticator.identify(token)).toMatchObject(ending);
    const other = { expiresAt: NOW + 60_000, actor: { tokenExpiresAt: NOW + 60_000 } };
    expect(await authenticator.identify(await sign("not-ended"))).toMatchObject(other);
  });

  it("has the hash and the expiry of an organisation's token", async () => {
    const token = await authenticator.sign({ sub: ORGANISATION, exp: NOW / 1000 + 60 });
    const hash = createHash("sha256")
      .update(token.slice(0, token.lastIndexOf(".")))
      .digest();
    expect(await authenticator.authenticate(token)).toMatchObject({
      caller: { kind: "token", token: { hash, expiresAt: NOW + 60_000 } },
    });
  });
});

describe("listeners", () => {
  it("are called when tokens are revoked, until they are removed", () => {
    let calls = 0;
    const remove = authenticator.onForget(() => calls++);
    authenticator.forget();
    expect(calls).toBe(1);
    remove();
    authenticator.forget();
    expect(calls).toBe(1);
  });
});
