import type { ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";
import { github } from "@posthorn/webhooks/providers/github";
import { signProvider } from "@posthorn/webhooks/testing";
import { describe, expect, it } from "vitest";
import { InboundVerifier, type Verdict } from "./verifier.ts";

const options = { secrets: ["s3cret"] };

describe("the verdict on a request", () => {
  it("of a provider with a shared secret is there at once", async () => {
    const verifier = new InboundVerifier(github, options);
    const request = await signProvider(github, { secret: "s3cret", body: '{"action":"opened"}' });
    expect(verifier.verify(request)).toMatchObject({ kind: "event", verified: { trust: "signed" } });
    const changed = { ...request, body: Buffer.from("{}") };
    expect(verifier.verify(changed)).toMatchObject({
      kind: "refused",
      error: { code: "signature_mismatch" },
      response: { status: 401 },
    });
  });

  it.each([
    ["accepts", () => Promise.resolve({ secretIndex: 0 }), "event"],
    ["fails for a reason of its own", () => Promise.reject(new TypeError("broken")), "broken"],
  ])("follows if the scheme %s later, even if it needs no more than a secret", async (_, verify, expected) => {
    const later: Scheme = { ...github.schemes[0], kind: "later", claimed: () => true, verify };
    const definition: ProviderDefinition = { ...github, schemes: [later] };
    const verifier = new InboundVerifier(definition, options);
    const request = { method: "POST", url: "/", headers: {}, body: Buffer.from("{}") };
    for (let time = 0; time < 2; time++) {
      const verdict = verifier.verify(request);
      expect(verdict).toBeInstanceOf(Promise);
      const outcome = (verdict as Promise<Verdict>).then(
        ({ kind }) => kind,
        (error: Error) => error.message,
      );
      expect(await outcome).toBe(expected);
    }
  });
});
