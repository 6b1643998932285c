import { describe, expect, it } from "vitest";
import { run } from "../bin/cli.ts";
import { parseHttpMessage } from "@posthorn/webhooks/doctor";
import { createSigner } from "../src/standard/sign.ts";
import { stripeStyle } from "../src/sender-styles/stripe.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TIME = 1_700_000_000;
const BODY = '{"id":"evt_1","type":"invoice.paid"}';

/** Runs a command in this process, with files and standard input from memory. */
async function webhooks(args: string[], stdin = "", files: Readonly<Record<string, string>> = {}) {
  let out = "";
  let err = "";
  const status = await run(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    read: async (path) => new TextEncoder().encode(path === undefined ? stdin : (files[path] ?? "")),
    now: () => TIME * 1000,
  });
  return { status, out, err };
}

function message(headers: Readonly<Record<string, string>>, body = BODY): string {
  const lines = Object.entries({ Host: "a.test", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return ["POST /hooks HTTP/1.1", ...lines, "", body].join("\r\n");
}

const stripeRequest = (body = BODY) =>
  message(stripeStyle(SECRET).signSync({ body: BODY, timestampSeconds: TIME }), body);

const standardRequest = message({
  "webhook-id": "msg_1",
  "webhook-timestamp": String(TIME),
  "webhook-signature": createSigner(SECRET).signSync("msg_1", TIME, BODY),
});

describe("webhooks verify", () => {
  it("reports that a Stripe request verifies, with its type and ID", async () => {
    const { status, out } = await webhooks(["verify", "--provider", "stripe", "--secret", SECRET], stripeRequest());
    expect(status).toBe(0);
    expect(out).toContain("Verified (hmac, signed at 2023-11-14T22:13:20.000Z)");
    expect(out).toContain("event invoice.paid, delivery evt_1");
  });

  it("explains the rejection with the findings of the doctor", async () => {
    const args = ["verify", "--provider", "stripe", "--secret", SECRET];
    const { status, out } = await webhooks(args, stripeRequest(`${BODY}\n`));
    expect(status).toBe(1);
    expect(out).toContain("Not verified: signature_mismatch");
    expect(out).toContain("The signature doctor found the cause:\n  - body_newline:");
  });

  it("names the other environment whose secret matches", async () => {
    const args = ["verify", "--provider", "stripe", "--secret", "whsec_live", "--other", `test=${SECRET}`];
    const { out } = await webhooks(args, stripeRequest());
    expect(out).toContain("secret_of_other_environment");
    expect(out).toContain('"test"');
    expect(out).not.toContain(SECRET);
  });

  it("verifies Standard Webhooks without a provider, from a file, with the secret in a file", async () => {
    const files = { "request.http": standardRequest, secret: `${SECRET}\n` };
    const { status, out } = await webhooks(["verify", "--secret-file", "secret", "request.http"], "", files);
    expect([status, out]).toEqual([0, "Verified (standard-webhooks, signed at 2023-11-14T22:13:20.000Z).\n"]);
  });

  it("verifies at a given time, or regardless of age", async () => {
    const old = ["verify", "--secret", SECRET, "--at", "2023-11-14T23:13:20Z"];
    const { status, out } = await webhooks(old, standardRequest);
    expect([status, out.includes("timestamp_too_old"), out.includes("- clock:")]).toEqual([1, true, true]);
    expect(await webhooks([...old, "--any-time"], standardRequest)).toMatchObject({ status: 0 });
    expect(await webhooks(["verify", "--secret", SECRET, "--at", String(TIME)], standardRequest)).toMatchObject({
      status: 0,
    });
  });

  it("prints JSON, with the error's code and without secrets", async () => {
    const args = ["verify", "--secret", SECRET, "--json"];
    const { out } = await webhooks(args, `${standardRequest}\r\n`);
    expect(JSON.parse(out)).toMatchObject({
      error: { code: "signature_mismatch", details: { headerName: "webhook-signature" } },
      diagnosis: { findings: [{ code: "body_newline" }] },
    });
    expect(out).not.toContain(SECRET);
  });

  it("recognises a handshake and prints the response", async () => {
    const body = '{"type":"url_verification","challenge":"abc","token":"t"}';
    const slack = await import("../src/sender-styles/slack.ts");
    const headers = slack.slackStyle("s").signSync({ body, timestampSeconds: TIME });
    const { status, out } = await webhooks(["verify", "--provider", "slack", "--secret", "s"], message(headers, body));
    expect([status, out]).toEqual([0, "A handshake. Respond with: 200 abc\n"]);
  });

  it.each([
    [["verify", "--provider", "unknown", "--secret", "s"], stripeRequest(), "webhooks providers"],
    [["verify"], standardRequest, "--secret"],
    [["verify", "--secret", "s"], "hello", "empty line"],
    [["verify", "--secret", "s"], "hello\n\n", "request line"],
    [["verify", "--secret", "s"], "POST / HTTP/1.1\nnot a header\n\n", "is not a header"],
    [["verify", "--secret", "s"], "POST /x HTTP/1.1\n\n", "--url"],
    [["verify", "--nonsense"], "", "--nonsense"],
    [["verify", "--secret", "s", "--at", "noon"], standardRequest, "--at"],
    [["verify", "--secret", "s", "--other", "x"], standardRequest, "name=value"],
    [["nonsense"], "", "nonsense"],
    [[], "", "Enter a command"],
  ])("%j exits with 2 and says what to change", async (args, stdin, part) => {
    const { status, out, err } = await webhooks(args, stdin);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(part);
    expect(err).toContain("webhooks help");
  });
});

describe("the other commands", () => {
  it("list the providers and generate keys", async () => {
    expect((await webhooks(["providers"])).out).toMatch(/^github +GitHub/m);
    expect((await webhooks(["keygen"])).out).toMatch(/^whsec_\S{44}\n$/);
    expect((await webhooks(["keygen", "--ed25519"])).out).toMatch(/^whsk_\S{88}\nwhpk_\S{44}\n$/);
    expect(await webhooks(["--help"])).toMatchObject({ status: 0, err: "" });
  });
});

describe("parseHttpMessage", () => {
  const parse = (text: string, url?: string) => parseHttpMessage(new TextEncoder().encode(text), url);

  it("keeps the body byte by byte with any line endings in the head", () => {
    const body = "a\r\n\r\nb\n";
    for (const end of ["\n", "\r\n"]) {
      const head = ["POST /x?y=1 HTTP/1.1", "Host: a.test", "X-A:b "].join(end);
      expect(parse(head + end + end + body)).toEqual({
        method: "POST",
        url: "https://a.test/x?y=1",
        headers: [
          ["Host", "a.test"],
          ["X-A", "b "],
        ],
        body: new TextEncoder().encode(body),
      });
    }
  });

  it("uses --url first, then an absolute target, then the proxy's headers", () => {
    expect(parse("GET http://b.test/ HTTP/1.1\n\n")).toMatchObject({ url: "http://b.test/" });
    expect(parse("GET http://b.test/ HTTP/1.1\n\n", "https://c.test/")).toMatchObject({ url: "https://c.test/" });
    const forwarded = "GET /x HTTP/1.1\nHost: in\nX-Forwarded-Host: out\nX-Forwarded-Proto: http\n\n";
    expect(parse(forwarded)).toMatchObject({ url: "http://out/x" });
  });

  it("decodes a chunked body", () => {
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(parse(`${head}4\r\nwebh\r\n4;x=1\r\nooks\r\n0\r\n\r\n`)).toMatchObject({
      body: new TextEncoder().encode("webhooks"),
    });
    expect(parse(`${head}not chunked`)).toMatchObject({ body: new TextEncoder().encode("not chunked") });
  });

  it("treats a head without a following empty line as a request without a body", () => {
    expect(parse("GET / HTTP/1.1\nHost: a.test\n")).toMatchObject({ method: "GET", body: new Uint8Array(0) });
  });
});
