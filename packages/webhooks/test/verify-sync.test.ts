import { afterEach, describe, expect, it, vi } from "vitest";
import { utf8 } from "../src/encoding.ts";
import { providerVerifier } from "../src/provider/verify.ts";
import { github } from "../src/providers/github.ts";
import { githubStyle } from "../src/sender-styles/github.ts";

const headers = githubStyle("s").signSync({ body: "{}", timestampSeconds: 0 });
const request = { method: "POST", url: "https://a.test/", headers, body: utf8("{}") };

afterEach(() => {
  vi.restoreAllMocks();
});

describe("providerVerifier().verifySync", () => {
  it("has the same result as verify", async () => {
    const verifier = providerVerifier(github, { secrets: ["other", "s"] });
    expect(verifier.verifySync(request)).toEqual(await verifier.verify(request));
    expect(() => verifier.verifySync({ ...request, body: utf8("{ }") })).toThrow(
      expect.objectContaining({ code: "signature_mismatch" }),
    );
  });

  it("reports a runtime without synchronous cryptography, and leaves no unhandled rejection", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    const verifier = providerVerifier(github, { secrets: "s" });
    expect(() => verifier.verifySync({ ...request, body: utf8("{ }") })).toThrow(
      expect.objectContaining({ code: "runtime_unsupported" }),
    );
  });
});
