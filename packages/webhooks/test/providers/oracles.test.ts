import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tryVerifyProvider } from "../../src/provider/verify.ts";
import { findProvider } from "../../src/providers/index.ts";
import { signProvider, type SignProviderOptions } from "../../src/testing/index.ts";
import { pem } from "./certificates.ts";
import { NOW, type Oracle, type OracleRequest, oracles } from "./oracles.ts";

// The libraries read the system clock. Our functions get the time as an option.
beforeAll(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});
afterAll(() => {
  vi.useRealTimers();
});

const RUNS = 15;
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });

/** Some libraries return a boolean, and others throw or reject. */
async function accepts(oracle: Oracle, request: OracleRequest): Promise<boolean> {
  try {
    return (await oracle.accepts(request)) !== false;
  } catch {
    return false;
  }
}

async function signedByUs({ provider, options, body }: Oracle, content: string): Promise<OracleRequest> {
  const request = await signProvider(findProvider(provider)!, { ...options, body: body(content), now: () => NOW });
  return {
    ...request,
    headers: request.headers as Record<string, string>,
    text: new TextDecoder().decode(request.body),
  };
}

async function acceptedByUs(oracle: Oracle, headers: Readonly<Record<string, string>>, body: string): Promise<boolean> {
  const { options, provider } = oracle;
  const request = {
    method: "POST",
    url: options.url ?? "",
    headers: { ...options.headers, ...headers },
    body: new TextEncoder().encode(body),
  };
  const result = await tryVerifyProvider(findProvider(provider)!, request, {
    ...(oracle.publicKeys === undefined ? { secrets: options.secret ?? "" } : { publicKeys: oracle.publicKeys }),
    config: options.config ?? {},
    now: () => NOW,
  });
  return result.ok;
}

/** A wrong secret or private key of the same form. */
function another({ options: { secret = "" }, provider }: Oracle): SignProviderOptions {
  if (provider === "discord") return { privateKey: pem(generateKeyPairSync("ed25519").privateKey) };
  if (provider === "sendgrid")
    return { privateKey: pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey) };
  return {
    secret: secret.startsWith("whsec_") ? "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" : secret.replace(/^../, "00"),
  };
}

describe.each(oracles.map((oracle) => [oracle.library, oracle] as const))("%s", (_, oracle) => {
  test("accepts our signatures, and we accept theirs", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const request = await signedByUs(oracle, content);
        expect(await accepts(oracle, request)).toBe(true);
        expect(
          await acceptedByUs(
            { ...oracle, options: { ...oracle.options, url: request.url } },
            request.headers,
            request.text,
          ),
        ).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test("rejects another secret or key, as we do", async () => {
    const request = await signedByUs({ ...oracle, options: { ...oracle.options, ...another(oracle) } }, "text");
    expect(await accepts(oracle, request)).toBe(false);
    expect(await acceptedByUs(oracle, request.headers, request.text)).toBe(false);
  });
});

describe.each(oracles.filter(({ signs }) => signs !== undefined).map((oracle) => [oracle.library, oracle] as const))(
  "%s signs a request",
  (_, oracle) => {
    test("that we accept, unless a character is changed", async () => {
      await fc.assert(
        fc.asyncProperty(text, async (content) => {
          const plain = oracle.body(content);
          const { headers, body = plain } = await oracle.signs!(plain);
          expect(await acceptedByUs(oracle, headers, body)).toBe(true);
          expect(
            await acceptedByUs(
              oracle,
              headers,
              body.replace(/.(?=.{5}$)/s, (old) => (old === "#" ? "%" : "#")),
            ),
          ).toBe(false);
        }),
        { numRuns: RUNS },
      );
    });
  },
);
