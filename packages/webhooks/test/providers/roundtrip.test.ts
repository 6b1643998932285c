import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ProviderOptions, tryVerifyProvider } from "../../src/provider/verify.ts";
import type { WebhookRequest } from "../../src/request.ts";
import { signProvider } from "../../src/testing/index.ts";
import { NOW, type Sample, samples } from "./samples.ts";

const RUNS = 50;

async function signed(sample: Sample, text: string): Promise<WebhookRequest> {
  const { definition, scheme, privateKey, certificates, body, ...rest } = sample;
  return signProvider(definition, {
    ...rest,
    body: body(text),
    scheme: scheme.name,
    now: () => NOW,
    ...(privateKey && { privateKey }),
    ...(certificates && { certificates }),
  });
}

function optionsFor({ scheme, secret, publicKey, config }: Sample): ProviderOptions {
  const keys = scheme.needs === "secrets" ? { secrets: [secret] } : { publicKeys: [publicKey!] };
  return { ...keys, config, now: () => NOW };
}

async function verdict(sample: Sample, request: WebhookRequest, options = optionsFor(sample)): Promise<string> {
  const result = await tryVerifyProvider(sample.definition, request, options);
  return result.ok ? result.scheme : result.error.code;
}

/**
 * Replaces one character by another. Changes more than the case, which has no meaning in hexadecimal, names of authentication schemes and
 * form escapes.
 */
function changed(text: string, at: number, by: number): string {
  const index = at % text.length;
  const candidates = "0123456789abcdefghijklmnopqrstuvwxyz".replace(text.charAt(index).toLowerCase(), "");
  return text.slice(0, index) + candidates.charAt(by % candidates.length) + text.slice(index + 1);
}

const position = fc.nat(1_000_000);

const named = samples.map((sample) => [`${sample.definition.id} (${sample.scheme.name})`, sample] as const);

describe.each(named)("%s", (_, sample) => {
  const { scheme } = sample;

  test("a signed request verifies", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (text) => {
        expect(await verdict(sample, await signed(sample, text))).toBe(scheme.name);
      }),
      { numRuns: RUNS },
    );
  });

  test("another secret or key fails", async () => {
    const { otherSecret, otherPublicKey } = sample;
    const options = optionsFor(
      scheme.needs === "secrets" ? { ...sample, secret: otherSecret } : { ...sample, publicKey: otherPublicKey! },
    );
    expect(await verdict(sample, await signed(sample, "text"), options)).toMatch(/mismatch|untrusted/);
  });

  test("a change of one character in the signature headers or parameters fails", async () => {
    const request = await signed(sample, "text");
    const plain = new Set([...Object.keys(sample.headers), ...UNSIGNED_HEADERS]);
    const added = Object.entries(request.headers as Record<string, string>).filter(([name]) => !plain.has(name));
    await fc.assert(
      fc.asyncProperty(position, position, position, async (which, at, by) => {
        const [name, value] = added.at(which % Math.max(added.length, 1)) ?? [];
        if (name === undefined || value === undefined) return;
        const headers = { ...(request.headers as Record<string, string>), [name]: changed(value, at, by) };
        expect(await verdict(sample, { ...request, headers })).not.toBe(scheme.name);
      }),
      { numRuns: RUNS },
    );
  });

  test("no secret and an empty secret fail closed", async () => {
    const request = await signed(sample, "text");
    for (const options of [{ secrets: [] }, { secrets: [""] }, { secrets: "" }]) {
      expect(await verdict(sample, request, { ...optionsFor(sample), publicKeys: [], ...options, fetchKey })).toMatch(
        /secret_invalid|key_unavailable|unverifiable|token_invalid|config_missing/,
      );
    }
  });
});

describe.each(named.filter(([, { scheme }]) => scheme.covers === "body"))("%s covers the body", (_, sample) => {
  test("a change of one character in the body fails", async () => {
    const request = await signed(sample, "text");
    const text = Buffer.from(request.body).toString();
    await fc.assert(
      fc.asyncProperty(position, position, async (at, by) => {
        const body = new Uint8Array(Buffer.from(changed(text, at, by)));
        expect(await verdict(sample, { ...request, body })).not.toBe(sample.scheme.name);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Headers that are not signed: the URL of the certificate. */
const UNSIGNED_HEADERS = ["paypal-cert-url"];

function fetchKey(): Promise<never> {
  return Promise.reject(new Error("offline"));
}
