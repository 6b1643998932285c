import { describe, expect, it } from "vitest";
import { decodeBase64, utf8 } from "../encoding.ts";
import { contentDigest, verifyContentDigest } from "./content-digest.ts";
import type { HttpSignatureKey } from "./keys.ts";
import { signRequest } from "./sign.ts";
import { signatureBase } from "./signature-base.ts";
import { parseDictionary, serializeMember, type SfInnerList } from "./structured-fields.ts";
import { tryVerifyRequest, verifyRequest } from "./verify.ts";

// The request of RFC 9421 appendix B.2, and its keys of appendix B.1.
const DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
const HEADERS = {
  Host: "example.com",
  Date: "Tue, 20 Apr 2021 02:07:55 GMT",
  "Content-Type": "application/json",
  "Content-Digest": DIGEST,
  "Content-Length": "18",
};
const REQUEST = {
  method: "POST",
  url: "https://example.com/foo?param=Value&Pet=dog",
  headers: HEADERS,
  body: utf8('{"hello": "world"}'),
};
const HMAC: HttpSignatureKey = {
  keyId: "test-shared-secret",
  algorithm: "hmac-sha256",
  key: decodeBase64("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")!,
};
const ED_SEED: HttpSignatureKey = {
  keyId: "test-key-ed25519",
  algorithm: "ed25519",
  key: decodeBase64("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")!,
};
const ED_PUBLIC: HttpSignatureKey = {
  keyId: "test-key-ed25519",
  algorithm: "ed25519",
  key: decodeBase64("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")!,
};
const CREATED = new Date(1618884473_000);
const at = () => CREATED.getTime();
const B25_INPUT = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
const B25_SIGNATURE = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";
const B26_INPUT =
  'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
const B26_SIGNATURE =
  "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";

function coveredBy(input: string): SfInnerList {
  const [member] = parseDictionary(input)!.values();
  return member as SfInnerList;
}

function signed(input: string, signature: string, headers: Record<string, string> = {}) {
  return { ...REQUEST, headers: { ...HEADERS, ...headers, "Signature-Input": input, Signature: signature } };
}

describe("the test vectors of RFC 9421", () => {
  it("B.2.5: hmac-sha256 signs to the published value", async () => {
    const components = ["date", "@authority", "content-type"];
    const headers = await signRequest(REQUEST, HMAC, { components, created: CREATED, label: "sig-b25" });
    expect(headers).toEqual({ "signature-input": B25_INPUT, signature: B25_SIGNATURE });
  });

  it("B.2.5: the published value verifies", async () => {
    const options = { required: ["@authority"], now: at };
    const result = await verifyRequest(signed(B25_INPUT, B25_SIGNATURE), HMAC, options);
    expect(result).toMatchObject({ label: "sig-b25", keyId: "test-shared-secret", signedAt: CREATED });
  });

  it("B.2.6: ed25519 signs to the published value", async () => {
    const components = ["date", "@method", "@path", "@authority", "content-type", "content-length"];
    const headers = await signRequest(REQUEST, ED_SEED, { components, created: CREATED, label: "sig-b26" });
    expect(headers).toEqual({ "signature-input": B26_INPUT, signature: B26_SIGNATURE });
  });

  it("B.2.6: the published value verifies", async () => {
    const options = { required: ["@method", "@path"], now: at };
    const result = await verifyRequest(signed(B26_INPUT, B26_SIGNATURE), ED_PUBLIC, options);
    expect(result.components).toEqual(["date", "@method", "@path", "@authority", "content-type", "content-length"]);
  });

  it("B.2.2: the base of a selected query parameter and a digest", () => {
    const input =
      'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"';
    expect(signatureBase(REQUEST, coveredBy(input)).split("\n")).toEqual([
      '"@authority": example.com',
      `"content-digest": ${DIGEST}`,
      '"@query-param";name="Pet": dog',
      `"@signature-params": ${input.slice("sig-b22=".length)}`,
    ]);
  });

  const B4_INPUT = 'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"';
  const B4_SIGNATURE =
    "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:";
  const transformed = (url: string, accept: readonly string[], method = "GET") => ({
    method,
    url,
    headers: [
      ...accept.map((value) => ["Accept", value] as const),
      ["Signature-Input", B4_INPUT],
      ["Signature", B4_SIGNATURE],
    ] as const,
    body: new Uint8Array(0),
  });
  const verifyTransformed = (request: ReturnType<typeof transformed>) =>
    tryVerifyRequest(request, ED_PUBLIC, { now: at });

  it.each([
    ["as it was signed", "https://example.org/demo?name1=Value1&Name2=value2", ["application/json", "*/*"]],
    ["another query", "https://example.org/demo?name1=Value1&Name2=value2&param=added", ["application/json", "*/*"]],
    ["fields joined and the host upper-cased", "https://EXAMPLE.org:443/demo", ["application/json, */*"]],
  ])("B.4: the signature survives: %s", async (_, url, accept) => {
    expect(await verifyTransformed(transformed(url, accept))).toMatchObject({ ok: true });
  });

  it.each([
    ["another method", transformed("https://example.org/demo", ["application/json", "*/*"], "POST")],
    ["another host", transformed("https://example.com/demo", ["application/json", "*/*"])],
    ["fields in another order", transformed("https://example.org/demo", ["*/*", "application/json"])],
  ])("B.4: the signature does not survive: %s", async (_, request) => {
    expect(await verifyTransformed(request)).toMatchObject({ ok: false, error: { code: "signature_mismatch" } });
  });
});

describe("verifyRequest", () => {
  const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const request = { ...REQUEST, headers: { "content-type": "application/json", "webhook-id": "msg_1" } };

  async function signedRequest(options: Parameters<typeof signRequest>[2] = {}) {
    const added = await signRequest(request, { key }, { created: CREATED, ...options });
    const headers = { ...request.headers, "signature-input": "", ...added };
    return { ...request, headers };
  }

  it("accepts requests signed by signRequest and reports what is covered", async () => {
    expect(await verifyRequest(await signedRequest(), { key }, { now: at })).toMatchObject({
      id: "msg_1",
      components: ["@method", "@authority", "@path", "@query", "content-digest", "content-type", "webhook-id"],
    });
  });

  it("passes behind a proxy that terminates TLS, because the scheme is not covered", async () => {
    const proxied = { ...(await signedRequest()), url: REQUEST.url.replace("https:", "http:") };
    expect(await tryVerifyRequest(proxied, { key }, { now: at })).toMatchObject({ ok: true });
  });

  it.each([
    ["method", { method: "PUT" }, "signature_mismatch"],
    ["path", { url: "https://example.com/bar?param=Value&Pet=dog" }, "signature_mismatch"],
    ["query", { url: "https://example.com/foo?param=Value&Pet=cat" }, "signature_mismatch"],
    ["body", { body: utf8('{"hello": "World"}') }, "digest_mismatch"],
  ])("rejects a changed %s", async (_, change, code) => {
    const changed = { ...(await signedRequest()), ...change };
    expect(await tryVerifyRequest(changed, { key }, { now: at })).toMatchObject({ ok: false, error: { code } });
  });

  it("rejects a signature that leaves the body uncovered", async () => {
    const bare = await signedRequest({ components: ["@method", "@authority", "@path"] });
    const result = await tryVerifyRequest(bare, { key }, { now: at });
    expect(result).toMatchObject({ ok: false, error: { code: "malformed_header" } });
  });

  it.each([
    ["too old", { now: () => at() + 301_000 }, "timestamp_too_old"],
    ["too new", { now: () => at() - 301_000 }, "timestamp_too_new"],
  ])("rejects a signature that is %s", async (_, options, code) => {
    expect(await tryVerifyRequest(await signedRequest(), { key }, options)).toMatchObject({ error: { code } });
  });

  it("rejects a signature after its expires time even when that is inside the window", async () => {
    const expiring = await signedRequest({ expires: new Date(at() + 10_000) });
    const result = await tryVerifyRequest(expiring, { key }, { now: () => at() + 11_000 });
    expect(result).toMatchObject({ error: { code: "token_expired" } });
  });

  it("rejects an undated signature unless that is allowed", async () => {
    const undated = await signedRequest({ created: null });
    expect(await tryVerifyRequest(undated, { key })).toMatchObject({ error: { code: "timestamp_invalid" } });
    expect(await tryVerifyRequest(undated, { key }, { allowUndated: true })).toMatchObject({ ok: true });
  });

  it("never lets the request choose the algorithm: an alg other than the key's is refused", async () => {
    const named = await signedRequest({ writeAlgorithm: true });
    expect(await tryVerifyRequest(named, { key }, { now: at })).toMatchObject({ ok: true });
    named.headers["signature-input"] = named.headers["signature-input"].replace("hmac-sha256", "ed25519");
    const result = await tryVerifyRequest(named, { key }, { now: at });
    expect(result).toMatchObject({ error: { code: "unsupported_algorithm" } });
  });

  it("uses only the key that keyid names", async () => {
    const added = await signRequest(request, { key, keyId: "new" }, { created: CREATED });
    const named = { ...request, headers: { ...request.headers, ...added } };
    const other = await tryVerifyRequest(named, { key, keyId: "old" }, { now: at });
    expect(other).toMatchObject({ error: { code: "key_unavailable" } });
    expect(
      await verifyRequest(
        named,
        [
          { key, keyId: "old" },
          { key, keyId: "new" },
        ],
        { now: at },
      ),
    ).toMatchObject({
      secretIndex: 1,
    });
  });

  it("accepts one valid signature among others, as during a rotation", async () => {
    const added = await signRequest(request, [{ key: `whsec_${"A".repeat(32)}` }, { key }], { created: CREATED });
    const rotated = { ...request, headers: { ...request.headers, ...added } };
    expect(await verifyRequest(rotated, { key }, { now: at })).toMatchObject({ label: "sig2" });
  });

  it("refuses a component that is listed twice", async () => {
    const twice = await signedRequest();
    twice.headers["signature-input"] = twice.headers["signature-input"].replace('"@path"', '"@path" "@path"');
    const result = await tryVerifyRequest(twice, { key }, { now: at });
    expect(result).toMatchObject({ error: { code: "malformed_header" } });
  });
});

describe("Content-Digest (RFC 9530)", () => {
  it("is the digest that RFC 9421 contains for its test request", async () => {
    expect(await contentDigest('{"hello": "world"}', "sha-512")).toBe(DIGEST);
    await verifyContentDigest(REQUEST);
  });

  it.each([
    ["sha-256=:AAAA:", "digest_mismatch"],
    [`${DIGEST}, sha-256=:AAAA:`, "digest_mismatch"],
    ["md5=:AAAA:", "unsupported_algorithm"],
    ["sha-256=AAAA", "malformed_header"],
    ["sha-256", "malformed_header"],
    ["", "missing_header"],
  ])("refuses %s", async (header, code) => {
    const check = verifyContentDigest({ headers: { "content-digest": header }, body: REQUEST.body });
    await expect(check).rejects.toMatchObject({ code });
  });
});

describe("structured fields", () => {
  it.each(['a=("x" "y;z";p=1);q=:AQID:, b=?0, c=tok/en;d, e=-1.5', 'sig=();created=1;n="a\\"b\\\\"'])(
    "serialise to the parsed text: %s",
    (text) => {
      const members = [...parseDictionary(text)!].map(([key, value]) => `${key}=${serializeMember(value)}`);
      expect(members.join(", ")).toBe(text);
    },
  );

  it.each([
    "a=",
    "a=(",
    'a=("x""y")',
    "a=1,",
    "A=1",
    'a="é"',
    "a=:====:",
    "a=1.2345",
    "a==",
    "a=1 b=2",
    "a=?2",
    "a;=1",
  ])("refuses %s", (text) => {
    expect(parseDictionary(text)).toBeUndefined();
  });
});
