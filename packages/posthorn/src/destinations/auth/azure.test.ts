import { requireOracle } from "@posthorn/testkit/oracles";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedAccessSignature, sharedKey, sharedKeyText } from "./azure.ts";

interface AzuresClient {
  createSasTokenProvider(key: { readonly sharedAccessKeyName: string; readonly sharedAccessKey: string }): {
    getToken(resource: string): Promise<{ readonly token: string }>;
  };
}

const { createSasTokenProvider } = requireOracle<AzuresClient>("@azure/core-amqp");

describe("shared access signatures", () => {
  it("match those of Azure's own client for any resource, key name and key", async () => {
    const word = fc.string({
      unit: fc.constantFrom(...Array.from("aZ09-._~ /+=&%!'()*é")),
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(word, word, word, async (path, keyName, key) => {
        const resource = `https://some.servicebus.windows.net/${path}`;
        const { token } = await createSasTokenProvider({ sharedAccessKeyName: keyName, sharedAccessKey: key }).getToken(
          resource,
        );
        const expiry = Number(/&se=(\d+)/.exec(token)![1]);
        // Ours expire after 20 minutes.
        const ours = sharedAccessSignature({ resource, keyName, key }, (expiry - 1200) * 1000);
        expect(fields(ours)).toEqual(fields(token));
      }),
      { numRuns: 50 },
    );
  });
});

describe("Shared Key of Blob Storage", () => {
  const request = {
    method: "PUT",
    url: "https://acme.blob.core.windows.net/events/2026/a%20b.json?comp=block&Zeta=2&blockid=x",
    headers: [
      "Content-Type",
      "application/json",
      "If-None-Match",
      "*",
      "x-ms-version",
      "2021-12-02",
      "x-ms-date",
      "Fri, 27 Nov 2026 12:00:00 GMT",
      "x-ms-blob-type",
      "BlockBlob",
    ],
    body: Buffer.from("{}"),
  } as const;

  it("signs the text that Azure's documentation describes", () => {
    expect(sharedKeyText(request, "acme").split("\n")).toEqual([
      "PUT",
      "",
      "",
      "2",
      "",
      "application/json",
      "",
      "",
      "",
      "*",
      "",
      "",
      "x-ms-blob-type:BlockBlob",
      "x-ms-date:Fri, 27 Nov 2026 12:00:00 GMT",
      "x-ms-version:2021-12-02",
      "/acme/events/2026/a%20b.json",
      "zeta:2",
      "blockid:x",
      "comp:block",
    ]);
  });

  it("omits the length of an empty body", () => {
    expect(sharedKeyText({ ...request, body: Buffer.alloc(0) }, "acme").split("\n")[3]).toBe("");
  });

  it("contains the account and never the key", () => {
    const key = Buffer.from("a key of sixty-four bytes").toString("base64");
    const value = sharedKey(request, "acme", key);
    expect(value).toMatch(/^SharedKey acme:[A-Za-z0-9+/]{43}=$/);
    expect(value).not.toContain(key);
  });
});

function fields(token: string): Record<string, string> {
  const [scheme, rest] = [token.slice(0, token.indexOf(" ")), token.slice(token.indexOf(" ") + 1)];
  expect(scheme).toBe("SharedAccessSignature");
  // Decoded, because the two encode reserved characters of values differently, which the service decodes.
  return Object.fromEntries(rest.split("&").map((field) => field.split(/=(.*)/s).slice(0, 2).map(decodeURIComponent)));
}
