import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { receiveProvider } from "../../src/provider/handshake.ts";
import { hmac } from "../../src/provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../../src/provider/types.ts";
import { type ProviderOptions, tryVerifyProvider, verifyProvider } from "../../src/provider/verify.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { WebhookRequest } from "../../src/request.ts";
import type { Rejected } from "../../src/result.ts";
import { signProvider } from "../../src/testing/index.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const now = (): number => NOW;
const SECRET = "the secret";

function provider(id: string): ProviderDefinition {
  return findProvider(id)!;
}

async function codeOf(id: string, request: WebhookRequest, options: ProviderOptions = {}): Promise<string> {
  const result = await tryVerifyProvider(provider(id), request, { secrets: SECRET, now, ...options });
  return result.ok ? "ok" : result.error.code;
}

async function sign(id: string, options: Parameters<typeof signProvider>[1] = {}): Promise<SignedRequest> {
  return (await signProvider(provider(id), { secret: SECRET, now, ...options })) as SignedRequest;
}

interface SignedRequest extends WebhookRequest {
  readonly headers: Record<string, string>;
}

function withHeaders(request: SignedRequest, headers: Record<string, string | undefined>): WebhookRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

describe("the code names the cause", () => {
  test.each([
    ["no signature", { "x-slack-signature": undefined }, "missing_header"],
    ["an empty signature", { "x-slack-signature": "" }, "missing_header"],
    ["no timestamp", { "x-slack-request-timestamp": undefined }, "missing_header"],
    ["another version", { "x-slack-signature": "v1=00" }, "unknown_version"],
    ["no version", { "x-slack-signature": "00" }, "malformed_header"],
    ["an invalid timestamp", { "x-slack-request-timestamp": "soon" }, "timestamp_invalid"],
    ["an old timestamp", { "x-slack-request-timestamp": String(NOW / 1000 - 301) }, "timestamp_too_old"],
    ["a timestamp to come", { "x-slack-request-timestamp": String(NOW / 1000 + 301) }, "timestamp_too_new"],
    ["another signature", { "x-slack-signature": `v0=${"0".repeat(64)}` }, "signature_mismatch"],
  ])("%s", async (_, headers, code) => {
    expect(await codeOf("slack", withHeaders(await sign("slack"), headers))).toBe(code);
  });

  test.each([
    ["stripe", { "stripe-signature": "nonsense" }, "malformed_header"],
    ["stripe", { "stripe-signature": `t=${NOW / 1000},v0=00` }, "unknown_version"],
    ["stripe", { "stripe-signature": `t=${NOW / 1000},t=1,v1=00` }, "malformed_header"],
    ["stripe", { "stripe-signature": "v1=00" }, "missing_field"],
    ["chargebee", { authorization: "Bearer x" }, "malformed_header"],
    ["telegram", { "x-telegram-bot-api-secret-token": "x" }, "credential_mismatch"],
    ["netlify", { "x-webhook-signature": "a.b.c" }, "token_invalid"],
    ["netlify", { "x-webhook-signature": "eyJhbGciOiJub25lIn0.e30." }, "unsupported_algorithm"],
  ])("%s with %j", async (id, headers, code) => {
    const url = "https://example.com/in";
    expect(await codeOf(id, { method: "POST", url, headers, body: new Uint8Array(0) })).toBe(code);
  });

  test("an error names the provider and never the expected value", async () => {
    const request = await sign("github", { body: "{}" });
    const result = await tryVerifyProvider(provider("github"), request, { secrets: "s3cr3t" });
    const right = createHmac("sha256", "s3cr3t").update("{}").digest("hex");
    const { code, message, details, stack } = (result as Rejected).error;
    const text = JSON.stringify({ code, message, details, stack });
    expect(result).toMatchObject({ ok: false, error: { details: { provider: "github" } } });
    for (const secret of [right, right.slice(0, 8), "s3cr3t"]) expect(text).not.toContain(secret);
  });
});

describe("never falls back to a weaker scheme", () => {
  test("GitLab: a valid token does not compensate for a bad signature", async () => {
    const secrets = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const headers = {
      "x-gitlab-token": secrets,
      "webhook-signature": "v1,AAAA",
      "webhook-id": "1",
      "webhook-timestamp": String(NOW / 1000),
    };
    const request = { method: "POST", url: "https://example.com", headers, body: new Uint8Array(0) };
    expect(await codeOf("gitlab", request, { secrets })).toBe("signature_mismatch");
  });

  test("GitHub's SHA-1 header is ignored", async () => {
    const signature = createHmac("sha1", SECRET).update("{}").digest("hex");
    const headers = { "x-hub-signature": `sha1=${signature}` };
    const request = { method: "POST", url: "https://example.com", headers, body: new TextEncoder().encode("{}") };
    expect(await codeOf("github", request)).toBe("missing_header");
  });

  test("HubSpot: v1 is not accepted when the v3 header was removed", async () => {
    const request = await sign("hubspot", { scheme: "v1" });
    expect(await codeOf("hubspot", request)).toBe("ok");
    expect(await codeOf("hubspot", withHeaders(request, { "x-hubspot-request-timestamp": String(NOW) }))).toBe(
      "missing_header",
    );
  });

  test("a WebSub hub cannot choose a hash that is not on the list", async () => {
    const request = withHeaders(await sign("websub"), { "x-hub-signature": "md5=d41d8cd98f00b204e9800998ecf8427e" });
    expect(await codeOf("websub", request)).toBe("unknown_version");
  });

  test("Cloudinary's hash comes from the settings, never from the request", async () => {
    const request = await sign("cloudinary");
    expect(await codeOf("cloudinary", request)).toBe("ok");
    expect(await codeOf("cloudinary", request, { config: { signatureAlgorithm: "sha256" } })).toBe(
      "signature_mismatch",
    );
  });

  test("a provider's public key is not accepted as an HMAC secret", async () => {
    // A forged token: HS256 with the public key as the secret.
    const key = '{"kty":"RSA","n":"x","e":"AQAB"}';
    const token = ["eyJhbGciOiJIUzI1NiJ9", "e30"].join(".");
    const signature = createHmac("sha256", key).update(token).digest("base64url");
    const headers = { authorization: `Bearer ${token}.${signature}` };
    const request = { method: "POST", url: "https://example.com", headers, body: new Uint8Array(0) };
    expect(await codeOf("google-pubsub", request, { publicKeys: key, secrets: key })).toBe("unsupported_algorithm");
  });
});

describe("a provider that does not sign", () => {
  const request = {
    method: "POST",
    url: "https://example.com/in/s3cret?k=v%20w",
    headers: {},
    body: new Uint8Array(0),
  };

  test("is unverifiable, and the error names the alternative", async () => {
    const result = await tryVerifyProvider(provider("docker-hub"), request, {});
    expect(result).toMatchObject({ ok: false, error: { code: "unverifiable" } });
    expect(result.ok ? "" : result.error.message).toContain("secret in the URL");
  });

  test("is accepted with allowUnsigned, without trust", async () => {
    const result = await verifyProvider(provider("docker-hub"), request, { allowUnsigned: true });
    expect(result).toMatchObject({ trust: "none", covers: "nothing", scheme: "none", secretIndex: -1 });
  });

  test.each(["s3cret", "v w"])("has the trust of a shared secret if the URL contains %s", async (secrets) => {
    const result = await verifyProvider(provider("quay"), request, { secrets, allowUnsigned: true });
    expect(result).toMatchObject({ trust: "shared-secret", scheme: "url-secret" });
  });

  test("rejects a URL without the configured secret, with or without allowUnsigned", async () => {
    expect(await codeOf("quay", request, { secrets: "other", allowUnsigned: true })).toBe("credential_mismatch");
  });

  test("allowUnsigned has no effect for a provider that signs", async () => {
    const unsigned = { ...request, headers: {} };
    expect(await codeOf("github", unsigned, { allowUnsigned: true })).toBe("missing_header");
    expect(await codeOf("github", unsigned, { allowUnsigned: true, secrets: [] })).toBe("secret_invalid");
    // Mollie signs only if a secret is configured, and its classic webhooks contain only an ID.
    expect(await codeOf("mollie", unsigned, { allowUnsigned: true })).toBe("missing_header");
  });
});

describe("every part of a batch is verified", () => {
  test("Microsoft Graph: one item with another clientState invalidates the request", async () => {
    const item = (clientState: string): object => ({ clientState, resource: "r" });
    const body = (...states: string[]): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ value: states.map(item) }));
    const request = { method: "POST", url: "", headers: {} };
    expect(await codeOf("microsoft-graph", { ...request, body: body(SECRET, SECRET) })).toBe("ok");
    expect(await codeOf("microsoft-graph", { ...request, body: body(SECRET, "other") })).toBe("credential_mismatch");
  });

  test("Hook0: a valid v0 does not compensate for a bad v1", async () => {
    const headers = { "X-Event-Id": "1" };
    const old = (await sign("hook0", { scheme: "v0", headers })).headers["x-hook0-signature"] ?? "";
    const request = await sign("hook0", { scheme: "v0", headers });
    expect(await codeOf("hook0", request)).toBe("ok");
    const both = { "x-hook0-signature": `${old},h=x-event-id,v1=${"0".repeat(64)}` };
    expect(await codeOf("hook0", withHeaders(request, both))).toBe("signature_mismatch");
  });
});

test("HubSpot v3 signs the URL with some escapes undone", async () => {
  const url = "https://example.com/in?to=a%40b.com&at=10%3A30&space=a%20b";
  const signed = `POSThttps://example.com/in?to=a@b.com&at=10:30&space=a%20b{}${NOW}`;
  const signature = createHmac("sha256", SECRET).update(signed).digest("base64");
  const headers = { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(NOW) };
  expect(await codeOf("hubspot", { method: "POST", url, headers, body: new TextEncoder().encode("{}") })).toBe("ok");
});

describe("rotation", () => {
  test("any of the secrets may match, and the result names it", async () => {
    const request = await sign("stripe");
    const result = await verifyProvider(provider("stripe"), request, { secrets: ["new", SECRET], now });
    expect(result.secretIndex).toBe(1);
  });

  test("any of several signatures may match", async () => {
    const request = await sign("paddle");
    const good = request.headers["paddle-signature"] ?? "";
    const bad = "0".repeat(64);
    for (const value of [`${good};h1=${bad}`, good.replace(";h1=", `;h1=${bad};h1=`)]) {
      expect(await codeOf("paddle", withHeaders(request, { "paddle-signature": value }))).toBe("ok");
    }
  });

  test("a repeated header is read completely", async () => {
    const request = await sign("mollie");
    const good = request.headers["x-mollie-signature"] ?? "";
    const headers = { "X-Mollie-Signature": [`sha256=${"0".repeat(64)}`, good] };
    expect(await codeOf("mollie", { ...request, headers })).toBe("ok");
  });

  test("a header with many signatures is checked only up to the limit", async () => {
    const request = await sign("stripe");
    const many = `${"v1=00,".repeat(100)}${request.headers["stripe-signature"]}`;
    expect(await codeOf("stripe", withHeaders(request, { "stripe-signature": many }))).toBe("signature_mismatch");
  });
});

describe("time", () => {
  test("the caller's window overrides the provider's, also for tokens", async () => {
    const later = { now: () => NOW + 3_600_000 };
    const request = await sign("stripe");
    expect(await codeOf("stripe", request, later)).toBe("timestamp_too_old");
    expect(await codeOf("stripe", request, { ...later, toleranceSeconds: 3600 })).toBe("ok");
    const token = await sign("qstash");
    expect(await codeOf("qstash", token, later)).toBe("token_expired");
    expect(await codeOf("qstash", token, { ...later, toleranceSeconds: Infinity })).toBe("ok");
  });

  test("Box rejects timestamps in the future unless the caller sets a tolerance", async () => {
    const early = { now: () => NOW - 1000 };
    const request = await sign("box");
    expect(await codeOf("box", request, early)).toBe("timestamp_too_new");
    expect(await codeOf("box", request, { ...early, futureToleranceSeconds: 5 })).toBe("ok");
  });

  test("the caller can set a tolerance for providers that define none", async () => {
    const request = await sign("zendesk");
    const later = { now: () => NOW + 86_400_000 };
    expect(await codeOf("zendesk", request, later)).toBe("ok");
    expect(await codeOf("zendesk", request, { ...later, toleranceSeconds: 300 })).toBe("timestamp_too_old");
  });
});

test("a body that looks like a template is signed unchanged", async () => {
  const definition: ProviderDefinition = {
    id: "own",
    name: "Own",
    group: "infrastructure",
    schemes: [hmac({ header: "x-own", signed: "{method}.{header:x-id}.{body}" })],
  };
  const request = await signProvider(definition, {
    body: "{ts}$&{secret}",
    headers: { "X-Id": "{body}" },
    secret: SECRET,
  });
  const expected = createHmac("sha256", SECRET).update("POST.{body}.{ts}$&{secret}").digest("hex");
  expect((request.headers as Record<string, string>)["x-own"]).toBe(expected);
  await expect(verifyProvider(definition, request, { secrets: SECRET })).resolves.toMatchObject({ trust: "signed" });
});

describe("responses", () => {
  test("an accepted event gets the response that the provider expects", async () => {
    const { kind, response } = await receiveProvider(
      provider("twitch"),
      await sign("twitch", { headers: { "Twitch-Eventsub-Message-Id": "1" } }),
      {
        secrets: SECRET,
        now,
      },
    );
    expect({ kind, status: response.status }).toEqual({ kind: "event", status: 204 });
  });

  test("the response to a forged request has no details", async () => {
    const { kind, response } = await receiveProvider(provider("shopify"), await sign("shopify"), {
      secrets: "other",
    });
    expect({ kind, status: response.status, body: response.body, headers: response.headers }).toEqual({
      kind: "rejected",
      status: 401,
      body: "",
      headers: {},
    });
  });
});
