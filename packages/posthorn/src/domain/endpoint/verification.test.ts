import { describe, expect, it } from "vitest";
import type { VerificationValues } from "../policy/verification.ts";
import { grantOf, type Proof, toVerification, type Verification, verificationJson } from "./verification.ts";

const AT = "https://example.com/hook";
const proof: Proof = {
  method: "challenge",
  at: 1,
  urlOrigin: "https://example.com",
  requestOrigin: null,
  ratePerMinute: null,
};
const made = (required: Verification["required"], given: Proof | null = null): Verification => ({
  required,
  proof: given,
});
const policy = (mode: VerificationValues["mode"], unverifiedPerMinute = 0): VerificationValues => ({
  mode,
  unverifiedPerMinute,
});

describe("the rate granted to an endpoint", () => {
  it("is unlimited when no verification is required", () => {
    expect(grantOf(made(null), policy("as-created"), AT)).toMatchObject({ held: false, perMinute: null });
    expect(grantOf(made("challenge"), policy("off"), AT)).toMatchObject({ held: false, required: null });
  });

  it("is zero, or a few messages per minute, until the required verification is complete", () => {
    expect(grantOf(made("challenge"), policy("as-created"), AT)).toMatchObject({ held: true, required: "challenge" });
    expect(grantOf(made(null), policy("cloudevents"), AT)).toMatchObject({ held: true, required: "cloudevents" });
    expect(grantOf(made("challenge"), policy("as-created", 6), AT)).toMatchObject({ held: false, perMinute: 6 });
  });

  it("requires a verification with the same method and for the same origin", () => {
    expect(grantOf(made("challenge", proof), policy("as-created"), AT)).toMatchObject({ held: false, proof });
    expect(grantOf(made("challenge", proof), policy("as-created"), "https://example.com/other").held).toBe(false);
    expect(grantOf(made("challenge", proof), policy("as-created"), "https://example.com:8443/hook").held).toBe(true);
    expect(grantOf(made("challenge", proof), policy("cloudevents"), AT).held).toBe(true);
  });

  it("is the rate that the endpoint allowed, even if verification is not required", () => {
    const granted = { ...proof, method: "cloudevents", ratePerMinute: 30 } as const;
    expect(grantOf(made(null, granted), policy("as-created"), AT)).toMatchObject({ perMinute: 30, held: false });
  });

  it("is derived from a verification that storing and reading does not change", () => {
    expect(toVerification(verificationJson(made("challenge", proof)))).toEqual(made("challenge", proof));
    expect([verificationJson(made(null)), toVerification(null)]).toEqual([null, made(null)]);
  });
});
