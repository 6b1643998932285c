import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnoseStandard } from "../src/doctor/index.ts";
import { concatBytes, utf8 } from "../src/encoding.ts";
import { isWebhookError } from "../src/errors.ts";
import { signRequest, tryVerifyRequest, verifyContentDigest } from "../src/http-signatures/index.ts";
import { parseDictionary } from "../src/http-signatures/structured-fields.ts";
import { createReceiver, standardWebhooks } from "../src/receiver/index.ts";
import { parseSecret } from "../src/standard/secret.ts";
import { createSigner } from "../src/standard/sign.ts";
import { createVerifier, tryVerify } from "../src/standard/verify.ts";

const TIME = 1_700_000_000;
const now = () => TIME * 1000;
const SYMMETRIC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

const id = fc.stringMatching(/^[!-\-/-~]{1,40}$/);
const body = fc.uint8Array({ maxLength: 300 });
const bodyOfSome = fc.uint8Array({ minLength: 1, maxLength: 300 });
const pair = fc.constantFrom([SYMMETRIC, SYMMETRIC] as const, [SECRET_KEY, PUBLIC_KEY] as const);
const position = fc.nat();
const flip = fc.integer({ min: 1, max: 255 });

function headers(messageId: string, signature: string): Record<string, string> {
  return { "webhook-id": messageId, "webhook-timestamp": String(TIME), "webhook-signature": signature };
}

/** The bytes with one of them changed. */
function changed(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const copy = bytes.slice();
  const index = at % copy.length;
  copy[index] = (copy[index] ?? 0) ^ by;
  return copy;
}

/** The text with one character replaced by another of the same kind. */
function changedText(text: string, at: number): string {
  const index = at % text.length;
  return text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
}

describe("Standard Webhooks", () => {
  it("every signed message verifies", () => {
    fc.assert(
      fc.property(id, body, pair, (messageId, bytes, [secret, key]) => {
        const signature = createSigner(secret).signSync(messageId, TIME, bytes);
        const result = createVerifier(key, { now }).verifySync({ headers: headers(messageId, signature), body: bytes });
        expect(result.id).toBe(messageId);
      }),
      { numRuns: 200 },
    );
  });

  it("one changed byte is rejected: in body, ID, time, signature or secret", async () => {
    await fc.assert(
      fc.asyncProperty(id, bodyOfSome, pair, position, flip, async (messageId, bytes, [secret, key], at, by) => {
        const signature = createSigner(secret).signSync(messageId, TIME, bytes);
        const good = headers(messageId, signature);
        const raw = parseSecret(key);
        const attempts = [
          tryVerify({ headers: good, body: changed(bytes, at, by) }, key, { now }),
          tryVerify({ headers: good, body: concatBytes([bytes, Uint8Array.of(by)]) }, key, { now }),
          tryVerify({ headers: { ...good, "webhook-id": changedText(messageId, at) }, body: bytes }, key, { now }),
          tryVerify({ headers: { ...good, "webhook-timestamp": String(TIME + (by % 200) + 1) }, body: bytes }, key, {
            now,
          }),
          tryVerify({ headers: { ...good, "webhook-signature": changedText(signature, at) }, body: bytes }, key, {
            now,
          }),
          ...(raw.kind === "symmetric"
            ? [tryVerify({ headers: good, body: bytes }, changed(raw.bytes, at, by), { now })]
            : []),
        ];
        for (const attempt of attempts) expect(await attempt).toMatchObject({ ok: false });
      }),
      { numRuns: 150 },
    );
  });

  it("no headers, body or secret cause an error other than WebhookError", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("v1,", "v1a,AA==", ",", " ", "v1,a v1a,b", "0"),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, text, body, async (messageId, timestamp, signature, secret, bytes) => {
        const given = { "webhook-id": messageId, "webhook-timestamp": timestamp, "webhook-signature": signature };
        const outcome = await createVerifierSafely(secret, given, bytes);
        expect(outcome === undefined || isWebhookError(outcome)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

async function createVerifierSafely(
  secret: string,
  given: Record<string, string>,
  bytes: Uint8Array,
): Promise<unknown> {
  try {
    await createVerifier([secret, SYMMETRIC, PUBLIC_KEY], { now }).verify({ headers: given, body: bytes });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("HTTP Message Signatures", () => {
  const request = { method: "POST", url: "https://a.test/hooks?x=1", headers: { "content-type": "text/plain" } };

  it("every signed request verifies, and one changed byte is rejected", async () => {
    await fc.assert(
      fc.asyncProperty(bodyOfSome, pair, position, flip, async (bytes, [secret, key], at, by) => {
        const added = await signRequest({ ...request, body: bytes }, { key: secret }, { created: new Date(now()) });
        const signed = { ...request, headers: { ...request.headers, ...added }, body: bytes };
        expect(await tryVerifyRequest(signed, { key }, { now })).toMatchObject({ ok: true });
        const changes = [
          { ...signed, body: changed(bytes, at, by) },
          { ...signed, url: `${signed.url}&y=${by}` },
          { ...signed, method: "PUT" },
          { ...signed, headers: { ...signed.headers, "content-type": "text/html" } },
        ];
        for (const change of changes)
          expect(await tryVerifyRequest(change, { key }, { now })).toMatchObject({ ok: false });
      }),
      { numRuns: 60 },
    );
  });

  it("no header causes an error other than WebhookError", async () => {
    const piece = fc.constantFrom(
      "sig",
      "=",
      "(",
      ")",
      '"@method"',
      '"x"',
      ";",
      "key",
      ":AA==:",
      ",",
      " ",
      "1",
      "?1",
      '"',
      "bs",
    );
    const header = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((pieces) => pieces.join("")),
    );
    await fc.assert(
      fc.asyncProperty(header, header, header, async (input, signature, contentDigest) => {
        const given = { "signature-input": input, signature, "content-digest": contentDigest };
        const all = { ...request, headers: given, body: utf8("x") };
        const options = { now, required: [], allowUndated: true };
        expect(await tryVerifyRequest(all, { key: SYMMETRIC }, options)).toMatchObject({ ok: false });
        const digest: unknown = await verifyContentDigest(all).catch((error: unknown) => error);
        expect(digest === undefined || isWebhookError(digest)).toBe(true);
        parseDictionary(input);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the doctor", () => {
  it("diagnoses every request without an unexpected error", async () => {
    const header = fc.string({ unit: "binary", maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        header,
        header,
        fc.oneof(body, fc.json().map(utf8)),
        header,
        async (name, value, bytes, secret) => {
          const given = { ...headers("m", value), [name]: value, "x-forwarded-host": value };
          const all = {
            method: "POST",
            url: `https://a.test/${encodeURIComponent(name)}`,
            headers: given,
            body: bytes,
          };
          const diagnosis = await diagnoseStandard(all, [secret], { now });
          expect(diagnosis.ok).toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("the receiver", () => {
  it("responds to every request and runs the handler only for signed ones", async () => {
    const receiver = createReceiver({ source: standardWebhooks(SYMMETRIC), handle: () => expect.unreachable() });
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.dictionary(fc.string(), fc.string()), body, async (method, given, bytes) => {
        const reply = await receiver.receive({ method, url: "", headers: given, body: bytes });
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
      }),
    );
  });
});
