import { describe, expect, test } from "vitest";
import { answerHandshake, receiveProvider } from "../../src/provider/handshake.ts";
import type { ProviderOptions } from "../../src/provider/verify.ts";
import { findProvider } from "../../src/providers/index.ts";
import type { WebhookRequest } from "../../src/request.ts";
import { signProvider } from "../../src/testing/index.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const now = (): number => NOW;

interface Given {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function request({ method = "POST", query = "", headers = {}, body = "" }: Given): WebhookRequest {
  return { method, url: `https://example.com/in${query}`, headers, body: new TextEncoder().encode(body) };
}

async function receive(provider: string, given: Given, options: ProviderOptions = {}): Promise<string> {
  const { kind, response } = await receiveProvider(findProvider(provider)!, request(given), {
    now,
    ...options,
  });
  return `${kind} ${response.status} ${response.body}`.trim();
}

describe("a handshake that sets a secret", () => {
  test.each([
    ["asana", { headers: { "x-hook-secret": "s3cret" }, body: "{}" }],
    ["notion", { body: '{"verification_token":"s3cret"}' }],
  ] as const)("%s passes on the secret if none is set", async (provider, given) => {
    const response = await answerHandshake(findProvider(provider)!, request(given), {});
    expect(response).toMatchObject({ status: 200, action: { kind: "store-secret", secret: "s3cret" } });
  });

  test.each([
    ["asana", { headers: { "x-hook-secret": "attacker" }, body: "{}" }],
    ["notion", { body: '{"verification_token":"attacker"}' }],
  ] as const)("%s never replaces a secret", async (provider, given) => {
    const response = await answerHandshake(findProvider(provider)!, request(given), { secrets: "stored" });
    expect(response).toMatchObject({ status: 401, error: { code: "unverifiable" } });
    expect(response?.action).toBeUndefined();
  });
});

describe("Meta's challenge", () => {
  const query = "?hub.mode=subscribe&hub.challenge=42&hub.verify_token=";

  test("is echoed for the verify token, which is not the app secret", async () => {
    const options = { secrets: "app secret", config: { verifyToken: "token" } };
    expect(await receive("meta", { method: "GET", query: `${query}token` }, options)).toBe("handshake 200 42");
    expect(await receive("whatsapp", { method: "GET", query: `${query}app+secret` }, options)).toBe("handshake 403");
    expect(await receive("meta", { method: "GET", query: `${query}wrong` }, { secrets: "token" })).toBe(
      "handshake 403",
    );
  });

  test("is rejected if no token is configured", async () => {
    expect(await receive("meta", { method: "GET", query }, { secrets: [] })).toBe("handshake 403");
    expect(await receive("meta", { method: "GET", query }, { secrets: "" })).toBe("handshake 403");
  });
});

describe("a signed challenge", () => {
  test.each([
    ["slack", '{"type":"url_verification","challenge":"c"}', "200 c"],
    ["zoom", '{"event":"endpoint.url_validation","payload":{"plainToken":"p"}}', "200"],
    ["xero", '{"events":[]}', "200"],
    ["line", '{"events":[]}', "200"],
  ])("of %s is answered only when it verifies", async (provider, body, expected) => {
    const definition = findProvider(provider)!;
    const signed = await signProvider(definition, { body, secret: "s", now });
    const right = await answerHandshake(definition, signed, { secrets: "s", now });
    expect(`${right?.status} ${right?.body}`).toMatch(expected);
    const wrong = await answerHandshake(definition, signed, { secrets: "other", now });
    expect(wrong).toMatchObject({ status: 401, body: "", error: { code: "signature_mismatch" } });
  });
});

describe("URLs that must be fetched", () => {
  const iot = (enableUrl: string): Given => ({
    headers: { "x-amz-rules-engine-message-type": "DestinationConfirmation" },
    body: JSON.stringify({ enableUrl }),
  });

  test("are returned if they belong to the provider", async () => {
    const url = "https://iot.us-east-1.amazonaws.com/confirmdestination/x";
    const response = await answerHandshake(findProvider("aws-iot")!, request(iot(url)), {});
    expect(response).toMatchObject({ status: 200, action: { kind: "fetch", url } });
  });

  test.each(["http://169.254.169.254/", "https://iot.us-east-1.amazonaws.com.evil.example/", "x"])(
    "are rejected otherwise: %s",
    async (url) => {
      const response = await answerHandshake(findProvider("aws-iot")!, request(iot(url)), {});
      expect(response).toMatchObject({ status: 401, error: { code: "certificate_untrusted" } });
    },
  );

  test("of SNS are not returned before the signature is verified", async () => {
    const body = JSON.stringify({
      Type: "SubscriptionConfirmation",
      SubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
      Signature: "AAAA",
      SignatureVersion: "2",
      SigningCertURL: "https://sns.us-east-1.amazonaws.com/x.pem",
    });
    const fetchKey = (): Promise<never> => Promise.reject(new Error("offline"));
    const response = await answerHandshake(findProvider("aws-sns")!, request({ body }), { fetchKey });
    expect(response?.status).toBe(401);
    expect(response?.action).toBeUndefined();
  });
});

describe("CloudEvents", () => {
  const asking = {
    method: "OPTIONS",
    headers: { "webhook-request-origin": "a.example", "webhook-request-rate": "10" },
  };

  test("allows listed origins, and rejects others by omitting the headers", async () => {
    const definition = findProvider("cloudevents")!;
    const allowed = await answerHandshake(definition, request(asking), { config: { allowedOrigins: "a.example, b" } });
    expect(allowed?.headers).toMatchObject({ "webhook-allowed-origin": "a.example", "webhook-allowed-rate": "10" });
    const denied = await answerHandshake(definition, request(asking), { config: { allowedOrigins: "b" } });
    expect(denied).toMatchObject({ status: 200, headers: { allow: "POST" } });
    expect(denied?.headers["webhook-allowed-origin"]).toBeUndefined();
  });
});

describe("Event Grid", () => {
  const body = JSON.stringify([{ data: { validationCode: "code", validationUrl: "https://evil.example" } }]);
  const headers = { "aeg-event-type": "SubscriptionValidation" };

  test("with a secret configured, the validation must carry it", async () => {
    const given = { headers, body };
    expect(await receive("azure-event-grid", { ...given, query: "?code=s" }, { secrets: "s" })).toMatch(
      /^handshake 200/,
    );
    expect(await receive("azure-event-grid", { ...given, query: "?code=x" }, { secrets: "s" })).toBe("rejected 401");
  });
});

describe("Mandrill's test key", () => {
  const definition = findProvider("mandrill")!;
  const url = "https://example.com/in";
  const form = { "content-type": "application/x-www-form-urlencoded" };

  async function sign(events: string): Promise<WebhookRequest> {
    // The provider's definition rejects the key. A plain HMAC of the same form accepts it.
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha1", "test-webhook").update(`${url}mandrill_events${events}`).digest("base64");
    const headers = { ...form, "x-mandrill-signature": signature };
    return { ...request({ headers, body: new URLSearchParams({ mandrill_events: events }).toString() }), url };
  }

  test("signs the empty test request", async () => {
    expect((await answerHandshake(definition, await sign("[]"), { secrets: "real" }))?.status).toBe(200);
  });

  test("never signs events, not even when it is configured as the secret", async () => {
    for (const secrets of ["real", "test-webhook"]) {
      const { kind } = await receiveProvider(definition, await sign('[{"event":"send"}]'), { secrets });
      expect(kind).toBe("rejected");
    }
  });
});

describe("a request that is not a handshake is passed on", () => {
  test.each([
    ["woocommerce", { body: "webhook_id=12&x=1", headers: {} }],
    ["dropbox", { method: "POST", query: "?challenge=x" }],
    ["monday", { body: '{"challenge":"c","event":{}}' }],
    ["discord", { body: '{"type":2}' }],
    ["trello", { method: "POST" }],
    ["websub", { method: "POST", query: "?hub.mode=subscribe&hub.challenge=x" }],
  ])("%s", async (provider, given) => {
    expect(await answerHandshake(findProvider(provider)!, request(given), { secrets: "s" })).toBeUndefined();
  });
});

test("a braintree challenge is answered only when it looks like one", async () => {
  const options = { secrets: "private", config: { publicKey: "public" } };
  const ok = { method: "GET", query: "?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53" };
  expect(await receive("braintree", ok, options)).toMatch(/^handshake 200 public\|[0-9a-f]{40}$/);
  // Otherwise, an attacker could have any text signed by the receiver.
  expect(await receive("braintree", { method: "GET", query: "?bt_challenge=<script>" }, options)).toBe("rejected 401");
});

test("a long challenge is not echoed in full", async () => {
  const query = `?challenge=${"x".repeat(100_000)}`;
  const response = await answerHandshake(findProvider("nylas")!, request({ method: "GET", query }), {});
  expect(response?.body.length).toBeLessThan(3000);
});
