import { describe, expect, it } from "vitest";
import { type Actor, systemActor } from "../access.ts";
import { FULL_GRANT } from "../grant.ts";
import { principalOf } from "./principal.ts";

describe("the principal of an organisation's token", () => {
  const hash = new Uint8Array([1, 2, 3]);
  const actor = (token?: { readonly hash: Uint8Array; readonly expiresAt: number }): Actor => ({
    kind: "organisation",
    orgId: 1,
    orgPublicId: "org_1",
    caller: { kind: "token", ...(token === undefined ? {} : { token }) },
    grant: FULL_GRANT,
  });

  it("ends with the token, and is recognised when the token is revoked", () => {
    expect(principalOf(actor({ hash, expiresAt: 5 }))).toMatchObject({
      id: "organisation",
      tokenHash: hash,
      endsAt: 5,
    });
  });

  it("has no known end without an expiry, or without a token", () => {
    expect(principalOf(actor({ hash, expiresAt: Infinity }))).toMatchObject({ tokenHash: hash, endsAt: null });
    expect(principalOf(actor())).toMatchObject({ id: "organisation", tokenHash: null, endsAt: null });
    expect(principalOf(systemActor(1, "org_1"))).toMatchObject({ tokenHash: null, endsAt: null });
  });
});
