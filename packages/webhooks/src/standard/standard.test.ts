import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { generateKeyPair, generateSecret, publicKeyOf, secretKeyFromSeed } from "./generate.ts";
import { parseSecret, type StandardSecret } from "./secret.ts";
import { createSigner, sign } from "./sign.ts";
import { createVerifier, tryVerify, verify } from "./verify.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SECRET_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME = 1614265330;
const BODY = '{"test": 2432232314}';
const V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
const now = () => TIME * 1000;

function headers(signature: string, family = "webhook"): Record<string, string> {
  return { [`${family}-id`]: ID, [`${family}-timestamp`]: String(TIME), [`${family}-signature`]: signature };
}

function check(
  given: Record<string, string>,
  secrets: StandardSecret | readonly StandardSecret[] = SECRET,
  body = BODY,
) {
  return tryVerify({ headers: given, body }, secrets, { now });
}

// The same guarantees on both kinds of runtime: with node:crypto, and with WebCrypto alone.
describe.each([["node:crypto"], ["WebCrypto"]])("Standard Webhooks on %s", (engine) => {
  beforeEach(() => {
    if (engine === "WebCrypto") vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["V1", SECRET, ID, TIME, BODY, V1],
    [
      "V2",
      OTHER,
      "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
      1649367553,
      '{"email":"test@example.com","username":"test_user"}',
      "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ],
    ["V3: an empty body", SECRET, ID, TIME, "", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="],
    ["V4: beyond ASCII", SECRET, ID, TIME, '{"n":"žluťoučký 🐎"}', "v1,walj13S7Nmgbaa5Kn26iQe6UvUfPbcciJpWepXyIJ2o="],
    ["A1: the specification's Ed25519 example", SECRET_KEY, ID, TIME, BODY, V1A],
    [
      "A2",
      SECRET_KEY,
      "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
      1649367553,
      '{"email":"test@example.com","username":"test_user"}',
      "v1a,LFHB363YvoTm7xdMyZd/981dRSdVxW0u27ld7pRBYKa+E1Is4O8e+VFZlwtUB7muxeGaguMrB+8TDoJMHA5lCQ==",
    ],
  ])("signs vector %s, as text and as bytes", async (_, secret, id, time, body, expected) => {
    const signer = createSigner(secret);
    expect(await signer.sign(id, time, body)).toBe(expected);
    expect(await signer.sign(id, time, utf8(body))).toBe(expected);
  });

  it("writes one signature for each secret, in the order given", async () => {
    expect(await createSigner([SECRET_KEY, SECRET]).sign(ID, TIME, BODY)).toBe(`${V1A} ${V1}`);
  });

  it.each([
    ["v1", V1, SECRET],
    ["v1a", V1A, PUBLIC_KEY],
  ])("accepts %s and reports what matched", async (version, signature, secret) => {
    expect(await verify({ headers: headers(signature), body: utf8(BODY) }, secret, { now })).toEqual({
      ok: true,
      scheme: "standard-webhooks",
      secretIndex: 0,
      id: ID,
      signedAt: new Date(TIME * 1000),
      version,
    });
  });

  it("reports which of several secrets is in use", async () => {
    expect(await check(headers(`${V1A} ${V1}`), [OTHER, SECRET])).toMatchObject({ secretIndex: 1, version: "v1" });
    expect(await check(headers(V1A), [OTHER, PUBLIC_KEY])).toMatchObject({ secretIndex: 1, version: "v1a" });
  });

  it.each([0, 1, 2, 3])("finds the valid signature at position %i among invalid ones", async (position) => {
    const list = ["v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", "v2,abc", "v1,"];
    list.splice(position, 0, V1);
    expect(await check(headers(list.join(" ")))).toMatchObject({ ok: true });
  });

  it.each([
    ["v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", "signature_mismatch"],
    ["v1,dawfeoifkpqwoekfpqoekf", "signature_mismatch"],
    ["v1,", "signature_mismatch"],
    [`v1,${V1.slice(3).toLowerCase()}`, "signature_mismatch"],
    [`${V1}=`, "signature_mismatch"],
    [V1.slice(0, -1), "signature_mismatch"],
    [V1.slice(3), "malformed_header"],
    [`v2,${V1.slice(3)}`, "unknown_version"],
    [V1A, "key_unavailable"],
    ["", "missing_header"],
    [",", "malformed_header"],
  ])("refuses the signature header %s with %s", async (signature, code) => {
    expect(await check(headers(signature))).toMatchObject({ ok: false, error: { code } });
  });

  it.each([
    ["a changed body", V1, SECRET, `${BODY}\n`],
    ["another secret", V1, OTHER, BODY],
    ["an Ed25519 signature of another body", V1A, PUBLIC_KEY, `${BODY} `],
    ["a v1 signature passed off as v1a", `v1a,${V1.slice(3)}`, PUBLIC_KEY, BODY],
  ])("refuses %s", async (_, signature, secret, body) => {
    expect(await check(headers(signature), secret, body)).toMatchObject({ error: { code: "signature_mismatch" } });
  });

  it("checks at most 32 signatures of a header", async () => {
    const decoys = Array.from({ length: 32 }, () => "v1,AAAA").join(" ");
    expect(await check(headers(`${decoys} ${V1}`))).toMatchObject({ error: { code: "signature_mismatch" } });
  });

  it("reads the svix header family if the webhook family is missing", async () => {
    expect(await check(headers(V1, "svix"))).toMatchObject({ ok: true, id: ID });
    expect(await check({ ...headers(V1, "svix"), ...headers("v1,AAAA") })).toMatchObject({ ok: false });
    const only = await tryVerify({ headers: headers(V1, "svix"), body: BODY }, SECRET, {
      now,
      headerPrefixes: ["webhook"],
    });
    expect(only).toMatchObject({ error: { code: "missing_header", details: { headerName: "webhook-signature" } } });
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("names the missing %s header", async (name) => {
    const given = headers(V1);
    delete given[name];
    expect(await check(given)).toMatchObject({ error: { code: "missing_header" } });
  });

  it.each([
    [300, 300, "ok"],
    [301, 300, "timestamp_too_old"],
    [-300, 300, "ok"],
    [-301, 300, "timestamp_too_new"],
    [10_000, Infinity, "ok"],
    [11, 10, "timestamp_too_old"],
  ])("a request %i s old with a tolerance of %i s: %s", async (age, toleranceSeconds, expected) => {
    const options = { now: () => (TIME + age) * 1000, toleranceSeconds };
    const result = await tryVerify({ headers: headers(V1), body: BODY }, SECRET, options);
    expect(result.ok ? "ok" : result.error.code).toBe(expected);
  });

  it.each(["", "abc", "1614265330.5", "-1", "1e9", " ", "16142653301614265330"])(
    "refuses the timestamp %j before any cryptography",
    async (timestamp) => {
      const result = await check({ ...headers(V1), "webhook-timestamp": timestamp });
      expect(result).toMatchObject({ ok: false });
      expect(["timestamp_invalid", "missing_header"]).toContain(result.ok ? "ok" : result.error.code);
    },
  );

  it.each(["$& $1 $`", "a\r\nb\0c", "\ufeff{}"])("signs and verifies the body %j byte by byte", async (body) => {
    const given = await sign({ id: ID, body, timestamp: new Date(now()) }, SECRET);
    expect(await check(given, SECRET, body)).toMatchObject({ ok: true });
  });

  it("signs and verifies bytes that are not UTF-8", async () => {
    const body = Uint8Array.of(0xff, 0xfe, 0, 0xc3, 0x28);
    const given = await sign({ id: ID, body, timestamp: new Date(now()), headerFamily: "both" }, [SECRET, SECRET_KEY]);
    expect(Object.keys(given)).toHaveLength(6);
    expect(await tryVerify({ headers: given, body }, PUBLIC_KEY, { now })).toMatchObject({ version: "v1a" });
  });

  it("generates keys that work", async () => {
    const pair = await generateKeyPair();
    expect(publicKeyOf(pair.secretKey)).toBe(pair.publicKey);
    const given = await sign({ id: ID, body: BODY, timestamp: new Date(now()) }, [pair.secretKey, generateSecret()]);
    expect(await check(given, [generateSecret(), pair.publicKey])).toMatchObject({ secretIndex: 1 });
  });

  it("rebuilds a whole secret key from its seed", async () => {
    expect(await secretKeyFromSeed(parseSecret(SECRET_KEY).bytes.slice(0, 32))).toBe(SECRET_KEY);
  });

  it("refuses an Ed25519 key whose halves do not match", async () => {
    const bytes = parseSecret(SECRET_KEY).bytes.slice();
    bytes.reverse();
    const broken = `whsk_${btoa(String.fromCharCode(...bytes))}`;
    const attempt = async () => createSigner(broken).sign(ID, TIME, BODY);
    await expect(attempt()).rejects.toMatchObject({ code: "secret_invalid" });
  });
});

describe("synchronous use", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("gives the same value as the promise", () => {
    expect(createSigner(SECRET).signSync(ID, TIME, BODY)).toBe(V1);
    expect(createSigner([SECRET, SECRET_KEY]).signSync(ID, TIME, BODY)).toBe(`${V1} ${V1A}`);
    expect(createVerifier(SECRET, { now }).verifySync({ headers: headers(V1), body: BODY })).toMatchObject({ id: ID });
  });

  it("reports a runtime without cryptography", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    const expected = expect.objectContaining({ code: "runtime_unsupported" });
    expect(() => createSigner(SECRET).signSync(ID, TIME, BODY)).toThrow(expected);
    const verifier = createVerifier(SECRET, { now });
    expect(() => verifier.verifySync({ headers: headers(V1), body: BODY })).toThrow(expected);
  });
});

describe("secrets", () => {
  it.each(["w", "whsec_%", "whsec_wronglength", `hwsec_${SECRET.slice(6)}`, "", "whsec_", ` ${SECRET}`, `"${SECRET}"`])(
    "refuses %j and does not show it",
    async (secret) => {
      const result = await check(headers(V1), secret);
      expect(result).toMatchObject({ ok: false, error: { code: "secret_invalid" } });
      const message = result.ok ? "" : result.error.message;
      expect(message).not.toContain(secret.length > 6 ? secret : "\0");
    },
  );

  it("accepts the longest secrets in use and rejects longer ones", () => {
    const legal = "whsec_TUdfVE5UMnZlci1TeWxOYXQtX1ZlTW1kLTRtMFdhYmEwanIxdHJvenRCbmlTQ2hFdzBnbHhFbWdFaTJLdzQwSA==";
    expect(parseSecret(legal).kind).toBe("symmetric");
    expect(() => parseSecret(`whsec_${btoa("x".repeat(76))}`)).toThrow(WebhookError);
  });

  it("accepts Base64 without prefix or padding, and raw bytes", async () => {
    expect(await check(headers(V1), SECRET.slice(6))).toMatchObject({ ok: true });
    expect(await check(headers(V1), parseSecret(SECRET).bytes)).toMatchObject({ ok: true });
    const unpadded = PUBLIC_KEY.replace("=", "");
    expect(await check(headers(V1A), unpadded)).toMatchObject({ ok: true });
    expect(await check(headers(V1A), PUBLIC_KEY.replace("whpk_", "whpk1_"))).toMatchObject({ ok: true });
  });

  it("rejects the sender's secret key at the receiver, and the public key at the sender", async () => {
    expect(await check(headers(V1A), SECRET_KEY)).toMatchObject({ error: { code: "secret_invalid" } });
    expect(() => createSigner(PUBLIC_KEY)).toThrow(WebhookError);
    expect(() => createSigner([])).toThrow(WebhookError);
  });

  it("generates secrets of the requested length from the given randomness", () => {
    const random = (bytes: Uint8Array) => bytes.fill(7);
    expect(generateSecret({ random })).toBe(`whsec_${btoa("\u0007".repeat(32))}`);
    expect(parseSecret(generateSecret({ bytes: 64 })).bytes).toHaveLength(64);
    expect(() => generateSecret({ bytes: 16 })).toThrow(WebhookError);
  });
});

describe("a signer refuses", () => {
  it.each(["", "a.b", "a b", "é", "a\nb"])("the id %j", (id) => {
    const code = id.includes(".") ? "id_invalid" : "argument_invalid";
    expect(() => createSigner(SECRET).signSync(id, TIME, BODY)).toThrow(expect.objectContaining({ code }));
  });

  it.each([-1, 1.5, NaN, Infinity])("the timestamp %d", (time) => {
    expect(() => createSigner(SECRET).signSync(ID, time, BODY)).toThrow(
      expect.objectContaining({ code: "argument_invalid" }),
    );
  });
});

describe("the parts of the signed text", () => {
  const forged = '{"type":"forged"}';
  const later = TIME + 60;
  /** Signed for the ID `msg_1`, with a body whose beginning an attacker chose. */
  const signature = createSigner(SECRET).signSync("msg_1", TIME, `${later}.${forged}`);
  const moved = {
    headers: { "webhook-id": `msg_1.${TIME}`, "webhook-timestamp": String(later), "webhook-signature": signature },
    body: forged,
  };
  const at = { now: () => later * 1000 };

  it("cannot be shifted: an ID with a full stop is rejected", async () => {
    expect(await tryVerify(moved, SECRET, at)).toMatchObject({ ok: false, error: { code: "id_invalid" } });
    expect(() => createVerifier(SECRET, at).verifySync(moved)).toThrow(expect.objectContaining({ code: "id_invalid" }));
  });

  it("may be ambiguous for senders that are known to use full stops", async () => {
    expect(await tryVerify(moved, SECRET, { ...at, allowDotsInId: true })).toMatchObject({ ok: true });
  });
});
