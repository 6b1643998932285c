/** OpenID Connect against a real identity provider. */
import { Egress, parseAllowList } from "@posthorn/egress";
import { freePort } from "@posthorn/testkit";
import {
  CookieJar,
  type IdentityProvider,
  signInAtProvider,
  startIdentityProvider,
} from "@posthorn/testkit/identity-provider";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OidcClientSettings, OidcLogout } from "../domain/user/identity/protocol.ts";
import { OpenIdConnect } from "./protocol.ts";

const REDIRECT_URI = "https://posthorn.example.com/auth/oidc/callback";
const AFTER_LOGOUT = "https://posthorn.example.com/";
const PEOPLE = {
  ada: { name: "Ada", email: "Ada@Example.com", email_verified: true, groups: ["staff", "admins"] },
  bob: { email: "bob@example.com", groups: "staff" },
};

let provider: IdentityProvider;
let egress: Egress;
let protocol: OpenIdConnect;
let settings: OidcClientSettings;

beforeAll(async () => {
  const client = { clientId: "posthorn", clientSecret: "a secret of 32 characters, or more" };
  provider = await startIdentityProvider({
    clients: [
      { ...client, redirectUri: REDIRECT_URI, afterLogoutUri: AFTER_LOGOUT },
      { clientId: "public", clientSecret: null, redirectUri: REDIRECT_URI, afterLogoutUri: AFTER_LOGOUT },
    ],
    people: PEOPLE,
  });
  egress = new Egress({ allow: parseAllowList("external,loopback") });
  protocol = new OpenIdConnect({ egress, now: Date.now });
  settings = { ...client, issuer: provider.issuer, scopes: "openid profile email groups", groupsClaim: "groups" };
});

afterAll(async () => {
  await provider?.[Symbol.asyncDispose]();
  await egress?.close();
});

describe("a sign-in", () => {
  it("returns who the person is, with email, name and groups", async () => {
    const { url, attempt } = await protocol.begin(settings, REDIRECT_URI);
    const callback = await signInAtProvider(url, "ada", REDIRECT_URI);
    expect(await protocol.complete(settings, callback, attempt)).toEqual({
      issuer: provider.issuer,
      subject: "ada",
      email: "ada@example.com",
      isEmailVerified: true,
      name: "Ada",
      groups: ["staff", "admins"],
      sessionId: null,
      idToken: expect.any(String) as unknown,
    });
  });

  it("accepts a single group as text, and an email address that is not verified", async () => {
    const { url, attempt } = await protocol.begin(settings, REDIRECT_URI);
    const person = await protocol.complete(settings, await signInAtProvider(url, "bob", REDIRECT_URI), attempt);
    expect(person).toMatchObject({ groups: ["staff"], isEmailVerified: false, name: null });
  });

  it("works with a public client, which has only PKCE", async () => {
    const open = { ...settings, clientId: "public", clientSecret: null };
    const { url, attempt } = await protocol.begin(open, REDIRECT_URI);
    const callback = await signInAtProvider(url, "ada", REDIRECT_URI);
    expect(await protocol.complete(open, callback, attempt)).toMatchObject({ subject: "ada" });
  });

  it.each(["state", "nonce", "codeVerifier"] as const)("fails with a different %s than at its start", async (part) => {
    const { url, attempt } = await protocol.begin(settings, REDIRECT_URI);
    const callback = await signInAtProvider(url, "ada", REDIRECT_URI);
    const other = { ...attempt, [part]: "another".padEnd(43, "x") };
    await expect(protocol.complete(settings, callback, other)).rejects.toMatchObject({
      code: "identity_provider_failed",
    });
  });

  it("fails when its code is used a second time", async () => {
    const { url, attempt } = await protocol.begin(settings, REDIRECT_URI);
    const callback = await signInAtProvider(url, "ada", REDIRECT_URI);
    await protocol.complete(settings, callback, attempt);
    await expect(protocol.complete(settings, callback, attempt)).rejects.toThrow("invalid_grant");
  });

  it("reports the provider's response when the person declined", async () => {
    const { attempt } = await protocol.begin(settings, REDIRECT_URI);
    const query = new URLSearchParams({ error: "access_denied", state: attempt.state, iss: provider.issuer });
    await expect(protocol.complete(settings, `${REDIRECT_URI}?${query}`, attempt)).rejects.toThrow("access_denied");
  });
});

describe("the metadata", () => {
  it("is rejected if it names another issuer", async () => {
    await using other = await startMetadata({ issuer: provider.issuer });
    await expect(protocol.check({ ...settings, issuer: other.issuer })).rejects.toMatchObject({
      code: "identity_provider_failed",
    });
  });

  it("is not fetched from addresses that the server may not reach", async () => {
    await using other = await startMetadata({});
    const strict = new Egress();
    const guarded = new OpenIdConnect({ egress: strict, now: Date.now });
    await expect(guarded.check({ ...settings, issuer: other.issuer })).rejects.toMatchObject({
      code: "identity_provider_failed",
    });
    expect(other.requests).toEqual([]);
    await strict.close();
  });

  it("is rejected if it is too large, and an unreachable provider is reported", async () => {
    await using large = await startMetadata({ filler: "x".repeat(2 * 1024 * 1024) });
    await expect(protocol.check({ ...settings, issuer: large.issuer })).rejects.toThrow("too large");
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    await expect(protocol.check({ ...settings, issuer: nowhere })).rejects.toThrow(/refused/i);
  });
});

describe("logout", () => {
  it("has a URL at the provider that redirects back", async () => {
    const { url, attempt } = await protocol.begin(settings, REDIRECT_URI);
    const jar = new CookieJar();
    const callback = await signInAtProvider(url, "ada", REDIRECT_URI, jar);
    const { idToken } = await protocol.complete(settings, callback, attempt);
    const end = new URL((await protocol.endSessionUrl(settings, { idToken, returnTo: AFTER_LOGOUT }))!);
    expect(end.origin).toBe(provider.issuer);
    expect(end.searchParams.get("post_logout_redirect_uri")).toBe(AFTER_LOGOUT);
    expect(end.searchParams.get("id_token_hint")).toBe(idToken);
  });

  const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const now = (): number => Math.floor(Date.now() / 1000);

  const SESSION = { sid: "s1" };

  it.each<[string, Record<string, unknown>, OidcLogout]>([
    ["a session", SESSION, { subject: null, sessionId: "s1" }],
    ["a person", { sub: "ada" }, { subject: "ada", sessionId: null }],
  ])("accepts a token that names %s", async (_title, claims, expected) => {
    await using signed = await logoutToken(claims);
    expect(await protocol.verifyLogout(signed.settings, signed.token)).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>]>([
    ["neither a session nor a person", {}],
    ["a nonce, as an ID token has", { ...SESSION, nonce: "n" }],
    ["no logout event", { ...SESSION, events: {} }],
    ["another client as its audience", { ...SESSION, aud: "other" }],
    ["another issuer", { ...SESSION, iss: "https://other.example.com" }],
    ["an age of one hour", { ...SESSION, iat: now() - 3600 }],
    ["no ID", { ...SESSION, jti: undefined }],
  ])("rejects a token with %s", async (_title, claims) => {
    await using signed = await logoutToken(claims);
    const verified = protocol.verifyLogout(signed.settings, signed.token);
    await expect(verified).rejects.toMatchObject({ code: "identity_provider_failed" });
  });

  async function logoutToken(claims: Record<string, unknown>) {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const keys = [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" }];
    const metadata = await startMetadata({ keys });
    const { issuer } = metadata;
    const token = await new SignJWT({
      iss: issuer,
      aud: settings.clientId,
      iat: now(),
      jti: "1",
      events: EVENTS,
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .sign(privateKey);
    return { token, settings: { ...settings, issuer }, [Symbol.asyncDispose]: () => metadata[Symbol.asyncDispose]() };
  }

  it("rejects a token that is signed with the client secret, or not at all", async () => {
    const claims = { iss: provider.issuer, aud: settings.clientId, iat: now(), jti: "1", events: EVENTS, sub: "ada" };
    const secret = new TextEncoder().encode(settings.clientSecret!);
    const symmetric = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
    const [, payload] = symmetric.split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload!}.`;
    for (const token of [symmetric, unsigned]) {
      await expect(protocol.verifyLogout(settings, token)).rejects.toMatchObject({ code: "identity_provider_failed" });
    }
  });
});

interface Metadata extends AsyncDisposable {
  readonly issuer: string;
  readonly requests: readonly string[];
}

/** A server with only metadata and keys, for tokens that a real provider would not send. */
async function startMetadata({
  keys = [],
  ...fields
}: { readonly keys?: readonly object[] } & Record<string, unknown>): Promise<Metadata> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    const body = request.url === "/keys" ? { keys } : metadata();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metadata = (): object => ({ issuer, jwks_uri: `${issuer}/keys`, ...fields });
  return {
    issuer,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
