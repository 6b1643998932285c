import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeBase64, utf8 } from "../encoding.ts";
import { github } from "../providers/github.ts";
import { slack } from "../providers/slack.ts";
import { square } from "../providers/square.ts";
import { stripe } from "../providers/stripe.ts";
import { githubStyle } from "../sender-styles/github.ts";
import { slackStyle } from "../sender-styles/slack.ts";
import { stripeStyle } from "../sender-styles/stripe.ts";
import { parseSecret } from "../standard/secret.ts";
import { createSigner } from "../standard/sign.ts";
import { WebhookError } from "../errors.ts";
import type { Attempt } from "./attempt.ts";
import { diagnose, type Diagnosis } from "./diagnose.ts";
import { diagnoseProvider, diagnoseStandard } from "./subjects.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/** Secret of a provider that uses the text as the key. */
const SECRET_TEXT = btoa("plain text secret");
const TIME = 1_700_000_000;
const now = () => TIME * 1000;
const JSON_BODY = '{"type":"a.b","price":1.0,"list":[],"name":"Zoë <a> \'/\' 🐎","big":12345678901234567890}';

function standardRequest(
  body: string | Uint8Array,
  signed: string | Uint8Array = body,
  secret: string | Uint8Array = SECRET,
) {
  const headers: Record<string, string> = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(TIME),
    "webhook-signature": createSigner(secret).signSync("msg_1", TIME, signed),
  };
  return { method: "POST", url: "https://a.test/hooks", headers, body: typeof body === "string" ? utf8(body) : body };
}

const codes = ({ findings }: Diagnosis) => findings.map(({ code }) => code);

describe("a request that verifies", () => {
  it("is reported as valid", async () => {
    expect(await diagnoseStandard(standardRequest("{}"), SECRET, { now })).toEqual({
      ok: true,
      error: undefined,
      findings: [],
      hints: [],
      tried: 1,
    });
  });
});

describe("mistakes with the body", () => {
  const python = '{"type": "a.b", "name": "Zo\\u00eb", "list": [1, 2]}';
  it.each([
    ["body_newline", "{}\n", "{}"],
    ["body_newline", "{}\r\n", "{}"],
    ["body_newline", "{}", "{}\n"],
    ["body_line_endings", "a\nb", "a\r\nb"],
    ["body_line_endings", "a\r\nb\r\n", "a\nb\n"],
    ["body_whitespace", "  {}  ", "{}"],
    ["body_byte_order_mark", "\ufeff{}", "{}"],
    ["body_emptied", "{}", ""],
    ["body_quoted", JSON.stringify('{"a":1}'), '{"a":1}'],
    ["body_base64", btoa('{"a":1}'), '{"a":1}'],
    ["body_reserialised", JSON.stringify(JSON.parse(python)), python],
    ["body_reserialised", JSON_BODY, JSON_BODY.replaceAll(":", ": ").replaceAll(",", ", ")],
    ["body_reserialised", JSON_BODY, JSON_BODY.replaceAll("/", "\\/")],
    ["body_reserialised", JSON_BODY, JSON_BODY.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e")],
    [
      "body_reserialised",
      JSON.stringify({ a: [1, { b: {} }], c: [] }, null, 2),
      JSON.stringify({ a: [1, { b: {} }], c: [] }),
    ],
    ["body_reserialised", '{"a":[1,{"b":{}}]}', JSON.stringify({ a: [1, { b: {} }] }, null, 4)],
    ["body_reserialised", '{"a":[1,{"b":{}}]}', JSON.stringify({ a: [1, { b: {} }] }, null, "\t")],
    ["body_reserialised", '{ "a" :1}', '{"a":1}'],
    ["body_form_reserialised", "a=b+c&d=%28e%29", "a=b%20c&d=(e)"],
  ])("%s: %j received, %j signed", async (code, got, signed) => {
    expect(codes(await diagnoseStandard(standardRequest(got, signed), SECRET, { now }))).toEqual([code]);
  });

  it("body_character_set: UTF-8 bytes read as Latin-1", async () => {
    const mangled = Buffer.from(Buffer.from('{"a":"Zoë"}').toString("latin1"), "utf8");
    expect(codes(await diagnoseStandard(standardRequest(mangled, '{"a":"Zoë"}'), SECRET, { now }))).toEqual([
      "body_character_set",
    ]);
  });
});

describe("mistakes with the secret", () => {
  it.each([
    ["secret_whitespace", ` ${SECRET}\n`],
    ["secret_quoted", `"${SECRET}"`],
    ["secret_with_name", `WEBHOOK_SECRET=${SECRET}`],
    ["secret_with_name", `WEBHOOK_SECRET="${SECRET}"`],
    ["secret_escaped", SECRET.replace("_", "%5F")],
  ])("%s", async (code, secret) => {
    expect(codes(await diagnoseStandard(standardRequest("{}"), secret, { now }))).toEqual([code]);
  });

  it.each([
    ["a line feed", `${SECRET_TEXT}\n`],
    ["a carriage return and a line feed", `${SECRET_TEXT}\r\n`],
  ])("secret_newline: the sender's secret ends with %s", async (_what, used) => {
    const headers = githubStyle(used).signSync({ body: "{}", timestampSeconds: TIME });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
    expect(codes(await diagnoseProvider(github, request, { secrets: SECRET_TEXT }))).toEqual(["secret_newline"]);
  });

  it("secret_newline: a Standard Webhooks secret with the newline in the bytes of the key", async () => {
    const key = parseSecret(SECRET).bytes;
    const request = standardRequest("{}", "{}", new Uint8Array([...key, 10]));
    expect(codes(await diagnoseStandard(request, SECRET, { now }))).toEqual(["secret_newline"]);
  });

  it.each([
    ["quotes", "secret_quoted", `"${SECRET_TEXT}"`],
    ["white space", "secret_whitespace", `${SECRET_TEXT}\n`],
    ["the name of a variable", "secret_with_name", `SECRET=${SECRET_TEXT}`],
    ["one decoding too many", "secret_encoding", atob(SECRET_TEXT)],
  ])(
    "%s around the secret are reported, even if another environment has the correct secret",
    async (_what, code, secrets) => {
      const headers = githubStyle(SECRET_TEXT).signSync({ body: "{}", timestampSeconds: TIME });
      const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
      const otherSecrets = { live: SECRET_TEXT };
      expect(codes(await diagnoseProvider(github, request, { secrets, otherSecrets }))).toEqual([code]);
    },
  );

  it("secret_encoding: the sender uses the text of the secret as the key", async () => {
    const request = standardRequest("{}", "{}", utf8(SECRET));
    const diagnosis = await diagnoseStandard(request, SECRET, { now });
    expect(diagnosis.findings).toMatchObject([
      { code: "secret_encoding", message: expect.stringContaining("as bytes") },
    ]);
  });

  it("secret_encoding: a GitHub secret that was decoded from Base64", async () => {
    const shown = btoa("plain text secret");
    const headers = githubStyle(shown).signSync({ body: "{}", timestampSeconds: TIME });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
    expect(codes(await diagnoseProvider(github, request, { secrets: atob(shown) }))).toEqual(["secret_encoding"]);
  });

  it("secret_prefix: a Stripe secret without its whsec_", async () => {
    const headers = stripeStyle(SECRET).signSync({ body: "{}", timestampSeconds: TIME });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
    expect(codes(await diagnoseProvider(stripe, request, { secrets: SECRET.slice(6), now }))).toEqual([
      "secret_prefix",
    ]);
  });

  it("secret_of_other_environment: names the environment whose secret matches", async () => {
    const otherSecrets = { live: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", test: SECRET };
    const diagnosis = await diagnoseStandard(standardRequest("{}"), otherSecrets.live, { now, otherSecrets });
    expect(diagnosis.findings).toMatchObject([
      { code: "secret_of_other_environment", message: expect.stringContaining('"test"') },
    ]);
  });

  it("secret_looks_wrong: only a hint, because it is not proven", async () => {
    const headers = stripeStyle(SECRET).signSync({ body: "{}", timestampSeconds: TIME });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
    const diagnosis = await diagnoseProvider(stripe, request, { secrets: "sk_live_abc", now });
    expect(diagnosis).toMatchObject({ findings: [], hints: [{ code: "secret_looks_wrong" }] });
    expect(diagnosis.hints[0]?.message).not.toContain("abc");
  });
});

describe("mistakes with headers", () => {
  const change = (edit: (name: string, value: string) => [string, string]) => {
    const request = standardRequest("{}");
    return { ...request, headers: Object.entries(request.headers).map(([name, value]) => edit(name, value)) };
  };
  it.each<[string, (name: string, value: string) => [string, string]]>([
    ["header_names", (name, value) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value]],
    ["header_quoted", (name, value) => [name, name.endsWith("signature") ? `"${value}"` : value]],
    ["signature_prefix", (name, value) => [name, value.replace("v1,", "")]],
  ])("%s", async (code, edit) => {
    expect(codes(await diagnoseStandard(change(edit), SECRET, { now }))).toEqual([code]);
  });

  it("header_family: checks only the other family", async () => {
    const options = { now, headerPrefixes: ["svix"] };
    expect(codes(await diagnoseStandard(standardRequest("{}"), SECRET, options))).toEqual(["header_family"]);
  });

  it("signature_encoding: Base64 where GitHub has hexadecimal, also in a Headers object", async () => {
    const mac = createHmac("sha256", "s").update("{}").digest("base64");
    const headers = new Headers({ "x-hub-signature-256": `sha256=${mac}` });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };
    expect(codes(await diagnoseProvider(github, request, { secrets: "s" }))).toEqual(["signature_encoding"]);
  });
});

describe("mistakes with the URL", () => {
  const squareRequest = (signedUrl: string, url: string, headers: Record<string, string> = {}) => {
    const signature = createHmac("sha256", "key").update(signedUrl).update("{}").digest("base64");
    return {
      method: "POST",
      url,
      headers: { ...headers, "x-square-hmacsha256-signature": signature },
      body: utf8("{}"),
    };
  };
  const diagnosis = (request: ReturnType<typeof squareRequest>, notificationUrl = request.url) =>
    diagnoseProvider(square, request, { secrets: "key", config: { notificationUrl } });

  it.each([
    ["url_scheme", "https://a.test/hooks", "http://a.test/hooks"],
    ["url_trailing_slash", "https://a.test/hooks/", "https://a.test/hooks"],
    ["url_trailing_slash", "https://a.test/hooks", "https://a.test/hooks/"],
    ["url_port", "https://a.test/hooks", "https://a.test:8443/hooks"],
    ["url_query", "https://a.test/hooks", "https://a.test/hooks?x=1"],
    ["url_encoding", "https://a.test/ä", "https://a.test/%C3%A4"],
  ])("%s: %s was signed, %s verified", async (code, signed, url) => {
    expect(codes(await diagnosis(squareRequest(signed, url)))).toEqual([code]);
  });

  it("url_host: the proxy's headers name the public host", async () => {
    const forwarded = { "x-forwarded-host": "hooks.example.com", "x-forwarded-proto": "https" };
    const request = squareRequest("https://hooks.example.com/in", "http://10.0.0.1:8080/in", forwarded);
    expect(codes(await diagnosis(request))).toEqual(["url_host"]);
  });

  it("url_of_request: the settings contain a different URL than the one that was called", async () => {
    const request = squareRequest("https://a.test/hooks", "https://a.test/hooks");
    expect(codes(await diagnosis(request, "https://old.test/"))).toEqual(["url_of_request"]);
  });
});

describe("the clock", () => {
  it("is reported when the signature is valid, with the time difference", async () => {
    const later = () => now() + 3_600_000;
    const diagnosis = await diagnoseStandard(standardRequest("{}"), SECRET, { now: later });
    expect(diagnosis.findings).toMatchObject([{ code: "clock", message: expect.stringContaining("3600 s ago") }]);
    expect(diagnosis.error?.code).toBe("timestamp_too_old");
  });

  it("is reported along with another mistake: a captured request that was also re-serialised", async () => {
    const later = () => now() + 3_600_000;
    const request = standardRequest('{"a": 1}', '{"a":1}');
    expect(codes(await diagnoseStandard(request, SECRET, { now: later }))).toEqual(["body_reserialised", "clock"]);
  });
});

describe("two mistakes at once", () => {
  it("are both found", async () => {
    const request = standardRequest("{}\n", "{}");
    expect(codes(await diagnoseStandard(request, `"${SECRET}"`, { now }))).toEqual(["secret_quoted", "body_newline"]);
  });

  it("are found for a provider too", async () => {
    const headers = slackStyle("s3cret").signSync({ body: "a=b%20c", timestampSeconds: TIME });
    const request = { method: "POST", url: "https://a.test/", headers, body: utf8("a=b+c") };
    const diagnosis = await diagnoseProvider(slack, request, { secrets: "s3cret ", now });
    expect(codes(diagnosis)).toEqual(["secret_whitespace", "body_form_reserialised"]);
  });
});

describe("the doctor never", () => {
  it("reports a cause that does not explain the failure: without one, it reports the number of tries", async () => {
    const request = standardRequest(JSON_BODY, "another body");
    const diagnosis = await diagnoseStandard(request, SECRET, { now });
    expect(diagnosis).toMatchObject({ ok: false, error: { code: "signature_mismatch" }, findings: [], hints: [] });
    expect(diagnosis.tried).toBeGreaterThan(500);
  });

  it("shows a secret, a key or the correct signature", async () => {
    const request = standardRequest(`${JSON_BODY}\n`, JSON_BODY);
    const wouldBe = createSigner(SECRET).signSync("msg_1", TIME, request.body).slice(3);
    const diagnosis = await diagnoseStandard(request, `'${SECRET}'`, { now });
    expect(codes(diagnosis)).toEqual(["secret_quoted", "body_newline"]);
    const shown = JSON.stringify([diagnosis, diagnosis.error?.message]);
    for (const secret of [SECRET.slice(6), encodeBase64(parseSecret(SECRET).bytes), wouldBe]) {
      expect(shown).not.toContain(secret);
    }
  });
});

describe("the work of the doctor is bounded", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const unverified = (body: string) => standardRequest(body, "another body");

  it.each([
    ["10,000 levels", nested(10_000)],
    ["16,000 levels of objects", `${'{"a":'.repeat(16_000)}1${"}".repeat(16_000)}`],
    ["1,000,000 levels", nested(1_000_000)],
    ["1 MB of flat JSON", JSON.stringify({ list: Array.from({ length: 100_000 }, (_, n) => `value ${n}`) })],
    ["1 MB of one string", JSON.stringify({ a: "x".repeat(1_000_000) })],
    ["1 MB of escapes", JSON.stringify({ a: "\n".repeat(500_000) })],
    ["250 KB of empty lists", `[${Array(80_000).fill("[]").join(",")}]`],
    ["1 MB of a form", "a=b+c&".repeat(160_000)],
    ["1 MB of line ends", "\r\n".repeat(500_000)],
  ])("for %s", async (_what, body) => {
    const sizes: number[] = [];
    const check = (attempt: Attempt) => {
      sizes.push(attempt.request.body.length);
      return Promise.resolve({ ok: false, error: new WebhookError("signature_mismatch", "No.") } as const);
    };
    const { findings, tried } = await diagnose(unverified(body), [SECRET, "another"], check);
    expect(findings).toEqual([]);
    expect(sizes).toHaveLength(tried);
    // At most one more than the budget.
    const spent = sizes.reduce((sum, size) => sum + size, 0);
    expect(spent).toBeLessThanOrEqual(64 * 1024 * 1024 + body.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * body.length + 65_536);
  });

  it("by bytes or tries, and reports that it stopped", async () => {
    const small = unverified('{"a":1}');
    expect(await diagnoseStandard(small, SECRET, { now })).toMatchObject({ stopped: undefined });
    expect(await diagnoseStandard(small, SECRET, { now, maxTries: 10 })).toMatchObject({
      tried: 11,
      stopped: "budget",
    });
    expect(await diagnoseStandard(small, SECRET, { now, maxBytes: 5000 })).toMatchObject({ stopped: "budget" });
  });

  it("by a signal, which can be aborted during the diagnosis", async () => {
    const controller = new AbortController();
    const large = unverified("x".repeat(1_000_000));
    const diagnosis = diagnoseStandard(large, SECRET, { now, signal: controller.signal, maxBytes: Infinity });
    setTimeout(() => controller.abort());
    expect((await diagnosis).stopped).toBe("aborted");
  });

  it("but still finds a newline at the end of a large body", async () => {
    const body = JSON.stringify({ list: Array.from({ length: 100_000 }, (_, n) => n) });
    expect(codes(await diagnoseStandard(standardRequest(`${body}\n`, body), SECRET, { now }))).toEqual([
      "body_newline",
    ]);
  });

  it("and values that are nested too deeply to inspect are reported", async () => {
    const check = () => Promise.reject(new RangeError("Maximum call stack size exceeded"));
    let calls = 0;
    const first = () =>
      calls++ === 0
        ? Promise.resolve({ ok: false, error: new WebhookError("signature_mismatch", "No.") } as const)
        : check();
    expect(await diagnose(unverified("{}"), [SECRET], first)).toMatchObject({
      ok: false,
      findings: [],
      hints: [{ code: "body_too_deep" }],
    });
  });
});
