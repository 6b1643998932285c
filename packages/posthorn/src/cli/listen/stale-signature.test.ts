import { describe, expect, it } from "vitest";
import { signatureWarning } from "./stale-signature.ts";

const RECEIVED = "2026-11-28T12:00:00.000Z";
const after = (seconds: number): number => Date.parse(RECEIVED) + seconds * 1000;
const message = (provider: string | null) => ({ id: "msg_1", eventType: "a", timestamp: RECEIVED, provider });

describe("a warning about an old signature", () => {
  it("names the age and the maximum age of the provider", () => {
    expect(signatureWarning(message("stripe"), after(720))).toContain(
      "msg_1 was received 12 min ago, and Stripe signatures are valid for 5 min",
    );
  });

  it.each([
    ["a recent signature", "stripe", 299],
    ["a provider whose signatures do not expire", "github", 1_000_000],
    ["a message that was published", null, 1_000_000],
    ["a provider that this version does not know", "nothing", 1_000_000],
  ])("is not given for %s", (_, provider, seconds) => {
    expect(signatureWarning(message(provider), after(seconds))).toBeNull();
  });

  it("is not given for a signature that was renewed, and says why one was not", () => {
    const old = message("stripe");
    expect(signatureWarning({ ...old, resigned: { isDone: true } }, after(7200))).toBeNull();
    expect(signatureWarning({ ...old, resigned: { isDone: false, reason: "No secret." } }, after(0))).toBe(
      "The signature of msg_1 was not renewed. No secret.",
    );
  });
});
