import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { generateKeyPair, createSigner } from "../../src/index.ts";
import type { FetchKey } from "../../src/provider/keys.ts";
import { type ProviderOptions, tryVerifyProvider } from "../../src/provider/verify.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { WebhookRequest } from "../../src/request.ts";
import { signProvider } from "../../src/testing/index.ts";
import { signToken } from "../../src/testing/sign-jwt.ts";
import { pem } from "./certificates.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const SECONDS = NOW / 1000;
const now = (): number => NOW;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = { ...rsa.publicKey.export({ format: "jwk" }), kid: "k1" };

async function codeOf(id: string, request: WebhookRequest, options: ProviderOptions): Promise<string> {
  const result = await tryVerifyProvider(findProvider(id)!, request, { now, ...options });
  return result.ok ? "ok" : result.error.code;
}

async function bearer(header: object, claims: object, body = "{}"): Promise<WebhookRequest> {
  const token = await signToken(
    { alg: "RS256", ...header },
    { ...claims },
    { secret: "", privateKey: pem(rsa.privateKey) },
  );
  const headers = { authorization: `Bearer ${token}` };
  return { method: "POST", url: "https://example.com/in", headers, body: new TextEncoder().encode(body) };
}

describe("Google Pub/Sub", () => {
  const config = { audience: "aud", serviceAccount: "push@p.iam.gserviceaccount.com" };
  const claims = {
    iss: "https://accounts.google.com",
    aud: "aud",
    email: "push@p.iam.gserviceaccount.com",
    email_verified: true,
    exp: SECONDS + 60,
  };
  const fetchKey: FetchKey = () => Promise.resolve({ keys: [jwk] });

  test("fetches the key set from Google, and uses the key that the token names", async () => {
    const asked = vi.fn<FetchKey>(fetchKey);
    expect(await codeOf("google-pubsub", await bearer({ kid: "k1" }, claims), { config, fetchKey: asked })).toBe("ok");
    expect(asked.mock.calls).toEqual([
      [{ provider: "google-pubsub", url: "https://www.googleapis.com/oauth2/v3/certs", kid: "k1" }],
    ]);
  });

  test("fetches once more for an unknown key, then fails", async () => {
    const asked = vi.fn<FetchKey>(fetchKey);
    expect(await codeOf("google-pubsub", await bearer({ kid: "new" }, claims), { config, fetchKey: asked })).toBe(
      "key_untrusted",
    );
    expect(asked.mock.calls.map(([{ fresh }]) => fresh)).toEqual([undefined, true]);
  });

  test.each([
    ["another audience", { aud: "other" }, "token_invalid"],
    ["another account", { email: "evil@p.iam.gserviceaccount.com" }, "token_invalid"],
    ["an unverified email", { email_verified: false }, "token_invalid"],
    ["another issuer", { iss: "https://evil.example" }, "token_invalid"],
    ["no end", { exp: undefined }, "token_invalid"],
    ["an end in the past", { exp: SECONDS }, "token_expired"],
    ["a start to come", { nbf: SECONDS + 60 }, "token_not_yet_valid"],
    ["an audience that is a list", { aud: ["aud"] }, "token_invalid"],
  ])("refuses %s", async (_, change, code) => {
    const request = await bearer({ kid: "k1" }, { ...claims, ...change });
    expect(await codeOf("google-pubsub", request, { config, fetchKey })).toBe(code);
  });

  test("rejects unknown extensions", async () => {
    const request = await bearer({ kid: "k1", crit: ["b64"] }, claims);
    expect(await codeOf("google-pubsub", request, { config, fetchKey })).toBe("unsupported_algorithm");
  });

  test("requires the settings without which any valid token would be accepted", async () => {
    const request = await bearer({ kid: "k1" }, claims);
    expect(await codeOf("google-pubsub", request, { fetchKey })).toBe("config_missing");
    expect(await codeOf("google-pubsub", request, { config: { audience: "aud" }, fetchKey })).toBe("config_missing");
  });
});

describe("Plaid", () => {
  const key = { ...ec.publicKey.export({ format: "jwk" }), kid: "k", expired_at: null };

  async function signed(): Promise<WebhookRequest> {
    return signProvider(findProvider("plaid")!, { body: '{\n  "a": 1\n}', privateKey: pem(ec.privateKey), now });
  }

  test("accepts the key in the form of the provider's API, and rejects an expired one", async () => {
    const response =
      (expired_at: number | null): FetchKey =>
      () =>
        Promise.resolve(JSON.stringify({ key: { ...key, expired_at } }));
    expect(await codeOf("plaid", await signed(), { fetchKey: response(null) })).toBe("ok");
    expect(await codeOf("plaid", await signed(), { fetchKey: response(SECONDS + 1) })).toBe("ok");
    expect(await codeOf("plaid", await signed(), { fetchKey: response(SECONDS) })).toBe("key_untrusted");
  });

  test("says where to get a key if none is configured", async () => {
    expect(await codeOf("plaid", await signed(), {})).toBe("key_unavailable");
  });
});

describe("rich notifications of Microsoft Graph", () => {
  const config = { appId: "app", tenantId: "tenant" };
  const claims = {
    aud: "app",
    azp: "0bf30f3b-4a52-48df-9a82-234910c4a086",
    iss: "https://login.microsoftonline.com/tenant/v2.0",
    exp: SECONDS + 60,
  };

  async function notification(change: object): Promise<WebhookRequest> {
    const privateKey = pem(rsa.privateKey);
    const token = await signToken({ alg: "RS256", kid: "k1" }, { ...claims, ...change }, { secret: "", privateKey });
    const body = JSON.stringify({ value: [{ clientState: "s" }], validationTokens: [token] });
    return { method: "POST", url: "", headers: {}, body: new TextEncoder().encode(body) };
  }

  test.each([
    ["the right token", {}, "ok"],
    ["one for another app", { aud: "other" }, "token_invalid"],
    ["one of another publisher", { azp: "other" }, "token_invalid"],
    ["one of another tenant", { iss: "https://login.microsoftonline.com/other/v2.0" }, "token_invalid"],
    ["one of another issuer", { iss: "https://evil.example/tenant/v2.0" }, "token_invalid"],
    ["one that has expired", { exp: SECONDS - 1 }, "token_expired"],
  ])("%s", async (_, change, code) => {
    const request = await notification(change);
    expect(await codeOf("microsoft-graph", request, { secrets: "s", config, publicKeys: jwk })).toBe(code);
  });

  test("every token is verified, including the last", async () => {
    const request = await notification({});
    const payload = JSON.parse(new TextDecoder().decode(request.body)) as { validationTokens: string[] };
    const [token = ""] = payload.validationTokens;
    const options = { secrets: "s", config, publicKeys: jwk };
    for (const [validationTokens, code] of [
      [Array.from({ length: 20 }, () => token), "ok"],
      [[...Array.from({ length: 20 }, () => token), `${token.slice(0, -8)}AAAAAAAA`], "signature_mismatch"],
      [Array.from({ length: 101 }, () => token), "body_invalid"],
    ] as const) {
      const body = new TextEncoder().encode(JSON.stringify({ ...payload, validationTokens }));
      expect(await codeOf("microsoft-graph", { ...request, body }, options)).toBe(code);
    }
  });

  test("any tenant is accepted if none is configured, but no other issuer", async () => {
    const options = { secrets: "s", config: { appId: "app" }, publicKeys: jwk };
    expect(await codeOf("microsoft-graph", await notification({}), options)).toBe("ok");
    const forged = await notification({ iss: "https://login.microsoftonline.com.evil.example/t/v2.0" });
    expect(await codeOf("microsoft-graph", forged, options)).toBe("token_invalid");
  });
});

describe("Atlassian Connect", () => {
  const options = { secrets: "s", config: { baseUrl: "https://example.com/app" } };

  async function signed(url: string): Promise<WebhookRequest> {
    return signProvider(findProvider("atlassian-connect")!, { url, secret: "s", config: options.config, now });
  }

  test("a token is valid for one method, path and query", async () => {
    const request = await signed("https://example.com/app/issue?b=2&a=x%20y&a=1");
    expect(await codeOf("atlassian-connect", request, options)).toBe("ok");
    // The order of query parameters does not matter.
    expect(
      await codeOf("atlassian-connect", { ...request, url: "https://example.com/app/issue?a=1&a=x+y&b=2" }, options),
    ).toBe("ok");
    for (const change of [{ url: "https://example.com/app/other?b=2" }, { method: "GET" }]) {
      expect(await codeOf("atlassian-connect", { ...request, ...change }, options)).toBe("url_mismatch");
    }
  });
});

test("Standard Webhooks accepts a public key together with secrets", async () => {
  const pair = await generateKeyPair();
  const body = new TextEncoder().encode("{}");
  const signature = await createSigner(pair.secretKey).sign("msg_1", SECONDS, body);
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(SECONDS), "webhook-signature": signature };
  const request = { method: "POST", url: "", headers, body };
  expect(await codeOf("standard-webhooks", request, { publicKeys: pair.publicKey })).toBe("ok");
  expect(
    await codeOf("svix", request, { publicKeys: pair.publicKey, secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
  ).toBe("ok");
  expect(await codeOf("standard-webhooks", request, { publicKeys: (await generateKeyPair()).publicKey })).toBe(
    "signature_mismatch",
  );
});

describe("PayPal", () => {
  const certificate = pem(rsa.publicKey);
  const config = { webhookId: "W" };

  test("fetches the certificate only from PayPal's hosts", async () => {
    const fetchKey = vi.fn<FetchKey>(() => Promise.resolve(certificate));
    const request = await signProvider(findProvider("paypal")!, { privateKey: pem(rsa.privateKey), config, now });
    expect(await codeOf("paypal", request, { config, fetchKey })).toBe("ok");
    const headers = {
      ...(request.headers as Record<string, string>),
      "paypal-cert-url": "https://paypal.com.evil.example/c",
    };
    fetchKey.mockClear();
    expect(await codeOf("paypal", { ...request, headers }, { config, fetchKey })).toBe("certificate_untrusted");
    expect(fetchKey).not.toHaveBeenCalled();
  });

  test("is bound to the webhook: the ID of another webhook does not verify", async () => {
    const request = await signProvider(findProvider("paypal")!, { privateKey: pem(rsa.privateKey), config, now });
    expect(await codeOf("paypal", request, { config: { webhookId: "X" }, publicKeys: certificate })).toBe(
      "signature_mismatch",
    );
    expect(await codeOf("paypal", request, { publicKeys: certificate })).toBe("config_missing");
  });
});

describe("Amazon SNS", () => {
  const certificate = pem(rsa.publicKey);

  test.each(["1", "2"])("verifies signature version %s, with and without a subject", async (SignatureVersion) => {
    for (const extra of [{}, { Subject: "s" }]) {
      const body = JSON.stringify({ SignatureVersion, Message: "m", ...extra });
      const request = await signProvider(findProvider("sns")!, { body, privateKey: pem(rsa.privateKey), now });
      expect(await codeOf("sns", request, { publicKeys: certificate })).toBe("ok");
    }
  });

  test("rejects a message without a field that is always signed", async () => {
    const request = await signProvider(findProvider("sns")!, { privateKey: pem(rsa.privateKey), now });
    const { MessageId: _, ...rest } = JSON.parse(new TextDecoder().decode(request.body)) as Record<string, string>;
    const body = new TextEncoder().encode(JSON.stringify(rest));
    expect(await codeOf("sns", { ...request, body }, { publicKeys: certificate })).toBe("missing_field");
  });

  test("rejects topics that are not listed, because anyone can create one", async () => {
    const request = await signProvider(findProvider("sns")!, { privateKey: pem(rsa.privateKey), now });
    const topicArn = "arn:aws:sns:us-east-1:123456789012:test";
    expect(await codeOf("sns", request, { publicKeys: certificate, config: { topicArn: `a, ${topicArn}` } })).toBe(
      "ok",
    );
    expect(await codeOf("sns", request, { publicKeys: certificate, config: { topicArn: "a" } })).toBe("key_untrusted");
  });
});
