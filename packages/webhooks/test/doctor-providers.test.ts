import { describe, expect, it } from "vitest";
import { diagnoseProvider } from "../src/doctor/index.ts";
import { concatBytes, utf8 } from "../src/encoding.ts";
import { tryVerifyProvider } from "../src/provider/verify.ts";
import { findProvider } from "../src/providers/index.ts";
import { optionsOf, requestOf, vectors } from "./providers/vectors.ts";

/** The first valid vector of each provider whose scheme covers the body. */
async function bodyVectors() {
  const chosen = new Map<string, (typeof vectors)[number]>();
  for (const vector of vectors) {
    if (!vector.expectValid || chosen.has(vector.provider)) continue;
    const result = await tryVerifyProvider(
      findProvider(vector.provider)!,
      requestOf(vector),
      optionsOf(vector, vector.timeMs),
    );
    if (result.ok && result.covers === "body" && requestOf(vector).body.length > 0) chosen.set(vector.provider, vector);
  }
  return [...chosen.values()];
}

const chosen = await bodyVectors();

describe("the doctor, for every provider that signs the body", () => {
  it("covers enough values", () => {
    expect(chosen.length).toBeGreaterThan(70);
  });

  // Apple signs a token inside the body. The text around the token is not covered.
  const exact = chosen.filter(({ provider }) => provider !== "apple-appstore");
  it.each(exact)("$provider: a newline at the end", async (vector) => {
    const request = requestOf(vector);
    const body = concatBytes([request.body, utf8("\n")]);
    const options = optionsOf(vector, vector.timeMs);
    const diagnosis = await diagnoseProvider(findProvider(vector.provider)!, { ...request, body }, options);
    expect(diagnosis.findings.map(({ code }) => code)).toEqual(["body_newline"]);
  });

  it.each(chosen.filter(({ secrets }) => secrets.length === 1))(
    "$provider: quotes around the secret",
    async (vector) => {
      const options = { ...optionsOf(vector, vector.timeMs), secrets: [`"${vector.secrets[0]}"`] };
      const diagnosis = await diagnoseProvider(findProvider(vector.provider)!, requestOf(vector), options);
      // The secret is not used when a public key verifies.
      expect(diagnosis.ok || diagnosis.findings.some(({ code }) => code === "secret_quoted")).toBe(true);
    },
  );
});
