import { findProvider, providers } from "@posthorn/webhooks/providers";
import { describe, expect, it } from "vitest";
import { resigningRefusal } from "./resigning.ts";

const refusal = (id: string): string | null => resigningRefusal(findProvider(id)!, {});

describe("signatures of providers", () => {
  it.each(["stripe", "github", "slack", "shopify", "svix", "zoom"])("of %s can be renewed", (id) => {
    expect(refusal(id)).toBeNull();
  });

  it.each([
    ["paypal", "private key that only PayPal has"],
    ["sendgrid", "private key"],
    ["aws-sns", "private key"],
    ["telegram", "fixed credential"],
    ["mailgun", "without changing the request"],
    ["linear", "without changing the request"],
    ["twilio", "without changing the request"],
    ["livekit", "a token"],
  ])("of %s cannot be renewed, and the reason is given", (id, text) => {
    expect(refusal(id)).toContain(text);
  });

  it("can be renewed or have a reason for every provider", () => {
    for (const { id } of Object.values(providers)) expect(refusal(id) ?? "It can be renewed.").toMatch(/^\w.*\.$/s);
  });
});
