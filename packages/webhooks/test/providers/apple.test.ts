import { describe, expect, test } from "vitest";
import { tryVerifyProvider } from "../../src/provider/verify.ts";
import { parseCertificate } from "../../src/provider/x509.ts";
import { appleAppstore } from "../../src/providers/apple-appstore.ts";
import { signProvider } from "../../src/testing/index.ts";
import { LEAF_MARKER, makeCertificate, makeChain, pem } from "./certificates.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
type Chain = ReturnType<typeof makeChain>;

async function verdict(
  chain: Chain,
  { root = chain.root.base64, x5c = chain.x5c, key = chain.leaf.privateKey, config = {}, claims = {} } = {},
): Promise<string> {
  const data = { bundleId: "com.example", environment: "Sandbox" };
  const request = await signProvider(appleAppstore, {
    body: JSON.stringify({ notificationType: "TEST", data, ...claims }),
    privateKey: pem(key),
    certificates: x5c,
    now: () => NOW,
  });
  const result = await tryVerifyProvider(appleAppstore, request, { publicKeys: root, config, now: () => NOW });
  return result.ok ? "ok" : result.error.code;
}

describe("a chain of certificates", () => {
  test("from the leaf to the pinned root is accepted", async () => {
    expect(await verdict(makeChain())).toBe("ok");
  });

  test("to a root that was not pinned is rejected", async () => {
    expect(await verdict(makeChain(), { root: makeChain().root.base64 })).toBe("certificate_untrusted");
  });

  test("whose root has the name of the pinned one but another key is rejected", async () => {
    const forged = makeChain();
    const pinned = makeCertificate({ subject: "Root", curve: "P-384", isAuthority: true });
    expect(await verdict(forged, { root: pinned.base64 })).toBe("certificate_untrusted");
  });

  test.each<[string, Parameters<typeof makeChain>[0]]>([
    ["without the leaf's marker", { leaf: { marker: "1.2.3" } }],
    ["without the intermediate's marker", { intermediate: { marker: "1.2.3" } }],
    ["whose intermediate is no authority", { intermediate: { isAuthority: false } }],
    ["whose leaf has expired", { leaf: { notAfter: "260101000000Z" } }],
    ["whose intermediate is not valid yet", { intermediate: { notBefore: "270101000000Z" } }],
  ])("%s is rejected", async (_, spoil) => {
    expect(await verdict(makeChain(spoil))).toBe("certificate_untrusted");
  });

  test("that is too short, too long or malformed is rejected", async () => {
    const chain = makeChain();
    const [leaf = "", intermediate = "", root = ""] = chain.x5c;
    for (const x5c of [[leaf, intermediate], [leaf, intermediate, root, root], [], ["AAAA", "!", ""]]) {
      expect(await verdict(chain, { x5c })).toBe("certificate_untrusted");
    }
  });

  test("whose leaf was issued by another intermediate is rejected", async () => {
    const other = makeChain();
    const chain = makeChain();
    const x5c = [other.leaf.base64, ...chain.x5c.slice(1)];
    expect(await verdict(chain, { x5c, key: other.leaf.privateKey })).toBe("certificate_untrusted");
  });
});

test("a payload signed with another key than the leaf certificate's is rejected", async () => {
  const stranger = makeCertificate({ subject: "Leaf", marker: LEAF_MARKER });
  expect(await verdict(makeChain(), { key: stranger.privateKey })).toBe("signature_mismatch");
});

test.each([
  [{ bundleId: "com.example", environment: "Sandbox" }, "ok"],
  [{ bundleId: "com.other" }, "token_invalid"],
  [{ environment: "Production" }, "token_invalid"],
])("with the settings of an app, %j is %s", async (config, expected) => {
  expect(await verdict(makeChain(), { config })).toBe(expected);
});

test("without a pinned root is rejected", async () => {
  expect(await verdict(makeChain(), { root: "" })).toBe("key_unavailable");
});

describe("parseCertificate", () => {
  const certificate = makeCertificate({ subject: "X", isAuthority: true, marker: LEAF_MARKER });

  test("returns the values with which a certificate was generated", () => {
    expect(parseCertificate(certificate.der)).toMatchObject({
      curve: "p256",
      signatureHash: "sha256",
      isAuthority: true,
      notBefore: Date.parse("2025-01-01T00:00:00Z"),
      notAfter: Date.parse("2035-12-31T23:59:59Z"),
    });
  });

  test("reads two-digit years from 50 on as 19xx", () => {
    const { der } = makeCertificate({ subject: "X", notBefore: "500101000000Z" });
    expect(parseCertificate(der)?.notBefore).toBe(Date.parse("1950-01-01T00:00:00Z"));
  });

  test("does not throw for any truncation or changed byte", () => {
    for (let length = 0; length < certificate.der.length; length += 1) {
      expect(() => parseCertificate(certificate.der.subarray(0, length))).not.toThrow();
      const changed = Uint8Array.from(certificate.der);
      changed[length] = 0xff;
      expect(() => parseCertificate(changed)).not.toThrow();
    }
  });
});
