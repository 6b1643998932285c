import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type TestStore } from "../../../test/support/store.ts";
import { keyOfId } from "../../lib/id.ts";
import { Authenticator } from "./authenticate.ts";

const NOW = 1_700_000_000_000;
const ORGANISATION = "org_00000000000000000000000test";
const APPLICATION = "app_000000000000000000000000001";

let files: TestStore;
let authenticator: Authenticator;

beforeAll(async () => {
  files = await openStore();
  authenticator = new Authenticator({
    store: files.store,
    jwtSecret: "a-secret-of-this-test-with-32-characters",
    now: () => NOW,
    ensureOrganisation: () => Promise.resolve(1),
  });
});

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

describe("a revoked token", () => {
  it("is refused by the hash of its signed part", async () => {
    const token = await sign("new");
    expect(await authenticator.identify(token)).toMatchObject({ expiresAt: NOW + 60_000 });
    await revoke(token.slice(0, token.lastIndexOf(".")));
    authenticator.forget();
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: "authentication_failed" });
  });

  it("is refused by the hash of the whole token, which earlier versions stored", async () => {
    const [token, other] = [await sign("old"), await sign("other")];
    await revoke(token);
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: "authentication_failed" });
    expect(await authenticator.authenticate(other)).toMatchObject({ sessionId: "other" });
  });
});

describe("the actor of a token", () => {
  it("knows when its tokens are ended, and not only when it expires", async () => {
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
