import { gzipSync } from "node:zlib";
import { requireOracle } from "@posthorn/testkit/oracles";
import { describe, expect, it } from "vitest";

interface Bundler {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** Bundles an application that consists of these lines, minified. */
async function bundle(...lines: string[]): Promise<string> {
  const result = await requireOracle<Bundler>("esbuild").build({
    stdin: { contents: lines.join("\n"), resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["@posthorn/source"],
    write: false,
  });
  return result.outputFiles.map((file) => file.text).join("");
}

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

const VERIFY_PROVIDER = 'export { verifyProvider } from "@posthorn/webhooks/provider";';

describe("a bundle stays small (bytes, minified and gzipped)", () => {
  // To raise a limit, give the reason in the commit message.
  it.each([
    ["verifying Standard Webhooks", 3050, ['export { verify } from "@posthorn/webhooks";']],
    ["signing Standard Webhooks", 2500, ['export { createSigner } from "@posthorn/webhooks";']],
    ["GitHub", 4000, [VERIFY_PROVIDER, 'export { github } from "@posthorn/webhooks/providers/github";']],
    ["Stripe", 4050, [VERIFY_PROVIDER, 'export { stripe } from "@posthorn/webhooks/providers/stripe";']],
    [
      "Slack, with its handshake",
      4500,
      [VERIFY_PROVIDER, 'export { slack } from "@posthorn/webhooks/providers/slack";'],
    ],
    ["the whole catalogue", 40_000, [VERIFY_PROVIDER, 'export { providers } from "@posthorn/webhooks/providers";']],
    [
      "HTTP Message Signatures",
      6500,
      ['export { signRequest, verifyRequest } from "@posthorn/webhooks/http-signatures";'],
    ],
    [
      "a Worker that receives Standard Webhooks",
      7000,
      [
        'export { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";',
        'export { fetchHandler } from "@posthorn/webhooks/fetch";',
      ],
    ],
  ])("%s: at most %i", async (name, limit, lines) => {
    const size = gzipped(await bundle(...lines));
    // The reporter shows the size, so that growth is visible before the test fails.
    expect({ name, size, fits: size <= limit }).toEqual({ name, size, fits: true });
  });

  it("a bundle with one provider includes no other provider and no unused scheme", async () => {
    const code = await bundle(VERIFY_PROVIDER, 'export { github } from "@posthorn/webhooks/providers/github";');
    expect(code).toContain("x-hub-signature-256");
    for (const foreign of ["stripe-signature", "x-twilio-signature", "PAYPAL", "RSASSA-PKCS1-v1_5", "Ed25519"]) {
      expect(code).not.toContain(foreign);
    }
  });

  it("a bundle with Standard Webhooks includes no providers, adapters or doctor", async () => {
    const code = await bundle('export { verify } from "@posthorn/webhooks";');
    for (const foreign of ["x-hub-signature", "content-digest", "waitUntil", "trailing"])
      expect(code).not.toContain(foreign);
  });
});
