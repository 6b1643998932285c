import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { utf8 } from "../encoding.ts";
import { digest } from "./digest.ts";
import { ed25519FromSeed, ed25519Signer, ed25519Verifier } from "./ed25519.ts";
import { hmac, hmacKey } from "./hmac.ts";
import { ecdsaSignatureFromDer, publicKey, type PublicKeyAlgorithm } from "./public-key.ts";

const MESSAGE = utf8("a message");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });

const CASES: readonly (readonly [PublicKeyAlgorithm, typeof rsa, string])[] = [
  ["rsa-sha1", rsa, "sha1"],
  ["rsa-sha256", rsa, "sha256"],
  ["rsa-sha384", rsa, "sha384"],
  ["rsa-sha512", rsa, "sha512"],
  ["ecdsa-p256-sha256", p256, "sha256"],
  ["ecdsa-p256-sha384", p256, "sha384"],
  ["ecdsa-p384-sha256", p384, "sha256"],
  ["ecdsa-p384-sha384", p384, "sha384"],
];

describe.each([["node:crypto"], ["WebCrypto"]])("crypto on %s", (engine) => {
  beforeEach(() => {
    if (engine === "WebCrypto") vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(["sha1", "sha256", "sha384", "sha512"] as const)("%s: hash and MAC equal those of Node", async (hash) => {
    expect(new Uint8Array(await digest(hash, ["a ", utf8("message")]))).toEqual(
      new Uint8Array(createHash(hash).update(MESSAGE).digest()),
    );
    const expected = createHmac(hash, "key").update(MESSAGE);
    expect(new Uint8Array(await hmac(hash, utf8("key"), ["a ", utf8("message")]))).toEqual(
      new Uint8Array(expected.digest()),
    );
    const text = createHmac(hash, "key").update(MESSAGE).digest("base64url");
    expect(await hmacKey(hash, utf8("key")).macText([MESSAGE], "base64url")).toBe(text);
  });

  it.each(CASES)("%s: accepts the key's signature and no other", async (algorithm, pair, hash) => {
    const signature = sign(hash, MESSAGE, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
    const spki = pair.publicKey.export({ format: "der", type: "spki" });
    for (const key of [
      publicKey(algorithm, { spki }),
      publicKey(algorithm, { jwk: pair.publicKey.export({ format: "jwk" }) }),
    ]) {
      expect(await key.verify(signature, ["a ", "message"])).toBe(true);
      expect(await key.verify(signature, ["another message"])).toBe(false);
      expect(await key.verify(signature.subarray(1), [MESSAGE])).toBe(false);
      expect(await key.verify(new Uint8Array(0), [MESSAGE])).toBe(false);
    }
  });

  it.each<[PublicKeyAlgorithm, typeof rsa]>([
    ["rsa-sha256", p256],
    ["ecdsa-p256-sha256", rsa],
    ["ecdsa-p256-sha256", p384],
  ])("%s: rejects a key of another kind", async (algorithm, pair) => {
    const spki = pair.publicKey.export({ format: "der", type: "spki" });
    const attempt = async () => publicKey(algorithm, { spki }).verify(new Uint8Array(64), [MESSAGE]);
    await expect(attempt()).rejects.toMatchObject({ code: "secret_invalid" });
  });

  it("Ed25519: signs and verifies (RFC 8032 section 7.1, test 2)", async () => {
    const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
    const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    const key = await ed25519FromSeed(seed);
    expect(Buffer.from(key.slice(32)).toString("hex")).toBe(
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    );
    const signature = new Uint8Array(await ed25519Signer(key)([hex("72")]));
    expect(Buffer.from(signature).toString("hex")).toBe(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    const verify = ed25519Verifier(key.subarray(32));
    expect(await verify(signature, [hex("72")])).toBe(true);
    expect(await verify(signature, [hex("73")])).toBe(false);
    expect(await verify(signature.subarray(1), [hex("72")])).toBe(false);
  });
});

describe("ecdsaSignatureFromDer", () => {
  it.each([
    ["p256", p256, "sha256"],
    ["p384", p384, "sha384"],
  ] as const)("returns a signature that %s verifies", async (curve, pair, hash) => {
    const spki = pair.publicKey.export({ format: "der", type: "spki" });
    const key = publicKey(`ecdsa-${curve}-${hash}` as PublicKeyAlgorithm, { spki });
    // Short integers and leading zeros occur by chance, each in one of 256 cases.
    for (let round = 0; round < 300; round += 1) {
      const raw = ecdsaSignatureFromDer(sign(hash, MESSAGE, pair.privateKey), curve);
      expect(raw && (await key.verify(raw, [MESSAGE]))).toBe(true);
    }
  });

  it.each([
    "",
    "30",
    "3006020100020100ff",
    "3006020181020100",
    "300702020001020100",
    "30060201000201",
    "3006020100030100",
  ])("refuses %s", (hex) => {
    expect(ecdsaSignatureFromDer(Buffer.from(hex, "hex"), "p256")).toBeUndefined();
  });
});
