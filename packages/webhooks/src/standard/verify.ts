import { after, type Awaitable, firstMatch } from "../awaitable.ts";
import { checkFreshness, type ClockOptions } from "../clock.ts";
import { ed25519Verifier } from "../crypto/ed25519.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { decodeBase64, equalText } from "../encoding.ts";
import { WebhookError, type WebhookErrorCode } from "../errors.ts";
import { type HeaderReader, type HeadersInput, readHeaders, requireHeader } from "../request.ts";
import { type Rejected, unwrap, type Verified, type VerifyResult } from "../result.ts";
import { invalid, parseSecret, secretList, type StandardSecret } from "./secret.ts";

/** The parts of a request that are verified. */
export interface StandardRequest {
  /** Headers in any supported form. */
  readonly headers: HeadersInput;
  /** The exact body as it arrived, before any parsing. */
  readonly body: Uint8Array | string;
}

/** Options for verifying Standard Webhooks. The tolerance defaults to 300 seconds in both directions. */
export interface StandardVerifyOptions extends ClockOptions {
  /** Prefixes of the three headers, tried in this order. Defaults to `webhook`, then `svix`. */
  readonly headerPrefixes?: readonly string[];
  /**
   * Accepts IDs with a full stop, for senders that use them. Off by default: full stops separate the parts of the
   * signed text, so an ID with one allows the request to be split differently from how it was signed.
   */
  readonly allowDotsInId?: boolean;
}

/** A request that one of the secrets signed recently enough. */
export interface StandardVerified extends Verified {
  /** Always `standard-webhooks`. */
  readonly scheme: "standard-webhooks";
  /** Message ID, the same on every retry. Deduplicate by it. */
  readonly id: string;
  /** Signed timestamp of this attempt. */
  readonly signedAt: Date;
  /** Version of the signature that matched: `v1` is HMAC-SHA256, `v1a` is Ed25519. */
  readonly version: "v1" | "v1a";
}

/** Verifies requests with keys that were prepared once. Created by {@link createVerifier}. */
export interface StandardVerifier {
  /** Returns the accepted request, or throws a {@link WebhookError}. */
  verify(request: StandardRequest): Promise<StandardVerified>;
  /** Like `verify`, but returns the error in the result. */
  tryVerify(request: StandardRequest): Promise<VerifyResult<StandardVerified>>;
  /**
   * Like `verify`, without a promise. Needs `node:crypto` (Node 20.16 and later, Deno, Bun); throws
   * `runtime_unsupported` elsewhere.
   */
  verifySync(request: StandardRequest): StandardVerified;
}

// Each Ed25519 check costs about 0.1 ms, so the number of candidates in one header is bounded.
const MAX_SIGNATURES = 32;
const MISMATCH = "does not match: the secret belongs to another endpoint, or the body was changed";

interface Key {
  readonly version: "v1" | "v1a";
  matches(signatures: readonly string[], prefix: string, body: Uint8Array | string): Awaitable<boolean>;
}

/**
 * Prepares a verifier, so that secrets are decoded and keys imported only once. A request passes when any of its
 * signatures matches any of the secrets: pass all secrets that are currently valid.
 *
 * @param secrets One secret, or several during a rotation. `whsec_` secrets verify `v1`, `whpk_` keys verify `v1a`.
 * @param options Tolerance, clock and header names.
 * @returns A verifier that can be used for any number of requests.
 * @throws {WebhookError} `secret_invalid` immediately for a secret that cannot verify.
 * @see Standard Webhooks, "Verifying webhook authenticity":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { createVerifier, generateSecret, sign } from "@posthorn/webhooks";
 *
 * const [current, previous] = [generateSecret(), generateSecret()];
 * const verifier = createVerifier([current, previous]);
 *
 * const body = '{"type":"invoice.paid"}';
 * const headers = await sign({ id: "msg_1", body }, previous);
 * const { id, secretIndex } = await verifier.verify({ headers, body });
 * console.log(id, secretIndex); // msg_1 1
 * ```
 */
export function createVerifier(
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardVerifyOptions = {},
): StandardVerifier {
  const keys = secretList(secrets).map(keyFor);
  const check = (request: StandardRequest) => checkSafely(request, keys, options);
  return {
    async verify(request) {
      return unwrap(await check(request));
    },
    async tryVerify(request) {
      return check(request);
    },
    verifySync(request) {
      const result = check(request);
      if (!(result instanceof Promise)) return unwrap(result);
      result.catch(() => undefined);
      throw new WebhookError(
        "runtime_unsupported",
        "This runtime has no synchronous cryptography. Use await verify().",
      );
    },
  };
}

/**
 * Verifies one request. For many requests, prepare a verifier with {@link createVerifier}.
 *
 * @param request Headers and the exact body.
 * @param secrets One secret, or several during a rotation.
 * @param options Tolerance, clock and header names.
 * @returns Message ID, signed timestamp and the secret that matched.
 * @throws {WebhookError} `missing_header`, `malformed_header`, `unknown_version`, `id_invalid`, `timestamp_invalid`,
 *   `timestamp_too_old`, `timestamp_too_new`, `key_unavailable`, `signature_mismatch` or `secret_invalid`.
 * @see Standard Webhooks, "Verifying webhook authenticity":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { verify } from "@posthorn/webhooks";
 *
 * const headers = {
 *   "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
 *   "webhook-timestamp": "1614265330",
 *   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
 * };
 * const request = { headers, body: '{"test": 2432232314}' };
 * const options = { now: () => Date.parse("2021-02-25T15:03:00Z") };
 * const { id, signedAt } = await verify(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", options);
 * console.log(id); // msg_p5jXN8AQM9LWM0D4loKWxJek
 * console.log(signedAt.toISOString()); // 2021-02-25T15:02:10.000Z
 * ```
 */
export async function verify(
  request: StandardRequest,
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardVerifyOptions = {},
): Promise<StandardVerified> {
  return unwrap(await checkRequest(request, secretList(secrets).map(keyFor), options));
}

/**
 * Like {@link verify}, but returns the error in the result instead of throwing it, including errors about the
 * secrets.
 *
 * @param request Headers and the exact body.
 * @param secrets One secret, or several during a rotation.
 * @param options Tolerance, clock and header names.
 * @returns The accepted request, or the error.
 *
 * @example
 *
 * ```ts
 * import { tryVerify } from "@posthorn/webhooks";
 *
 * const request = { headers: { "webhook-signature": "v1,AAAA" }, body: "{}" };
 * const result = await tryVerify(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * if (!result.ok) console.log(result.error.code, result.error.details.headerName); // missing_header webhook-id
 * ```
 */
export async function tryVerify(
  request: StandardRequest,
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardVerifyOptions = {},
): Promise<VerifyResult<StandardVerified>> {
  try {
    return await checkRequest(request, secretList(secrets).map(keyFor), options);
  } catch (error) {
    return rejected(error);
  }
}

function checkSafely(
  request: StandardRequest,
  keys: readonly Key[],
  options: StandardVerifyOptions,
): Awaitable<VerifyResult<StandardVerified>> {
  try {
    return checkRequest(request, keys, options);
  } catch (error) {
    return rejected(error);
  }
}

function rejected(error: unknown): Rejected {
  if (error instanceof WebhookError) return { ok: false, error };
  throw error;
}

function checkRequest(
  request: StandardRequest,
  keys: readonly Key[],
  options: StandardVerifyOptions,
): Awaitable<VerifyResult<StandardVerified>> {
  const headers = readHeaders(request.headers);
  const family = familyOf(headers, options.headerPrefixes ?? ["webhook", "svix"]);
  const headerName = `${family}-signature`;
  const signatures = requireHeader(headers, headerName).split(" ", MAX_SIGNATURES);
  const id = requireHeader(headers, `${family}-id`);
  if (id.includes(".") && options.allowDotsInId !== true) {
    throw failure("id_invalid", `${family}-id`, "contains a full stop");
  }
  const timestampName = `${family}-timestamp`;
  const timestamp = requireHeader(headers, timestampName);
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw failure("timestamp_invalid", timestampName, "is not a number of Unix seconds");
  }
  const signedAt = new Date(Number(timestamp) * 1000);
  checkFreshness(signedAt.getTime(), options, 300, { headerName: timestampName });

  const byVersion = groupByVersion(signatures, headerName);
  const usable = keys.filter((key) => byVersion[key.version].length > 0);
  if (usable.length === 0) throw noUsableKey(byVersion, headerName);
  const prefix = `${id}.${timestamp}.`;
  return after(
    firstMatch(usable.length, (index) => {
      const key = usable[index]!;
      return key.matches(byVersion[key.version], prefix, request.body);
    }),
    (index): VerifyResult<StandardVerified> => {
      const key = usable[index];
      if (key === undefined) return { ok: false, error: failure("signature_mismatch", headerName, MISMATCH) };
      const { version } = key;
      return { ok: true, scheme: "standard-webhooks", secretIndex: keys.indexOf(key), id, signedAt, version };
    },
  );
}

/** The first header family with a signature. The three headers of one family belong together. */
function familyOf(headers: HeaderReader, prefixes: readonly string[]): string {
  return prefixes.find((prefix) => headers.get(`${prefix}-signature`)) ?? prefixes[0] ?? "webhook";
}

function keyFor(secret: StandardSecret): Key {
  const { kind, bytes } = parseSecret(secret);
  if (kind === "symmetric") {
    const key = hmacKey("sha256", bytes);
    return {
      version: "v1",
      matches: (signatures, prefix, body) =>
        after(key.macText([prefix, body], "base64"), (mac) => signatures.some((given) => equalText(given, mac))),
    };
  }
  if (kind === "secret") throw invalid("A whsk_ key is the sender's secret key. Verify with the matching whpk_ key.");
  const check = ed25519Verifier(bytes);
  return {
    version: "v1a",
    matches: (signatures, prefix, body) =>
      after(
        firstMatch(signatures.length, (index) => {
          const signature = decodeBase64(signatures[index]!);
          return signature?.length === 64 && check(signature, [prefix, body]);
        }),
        (index) => index >= 0,
      ),
  };
}

type ByVersion = Record<"v1" | "v1a", string[]>;

function groupByVersion(items: readonly string[], headerName: string): ByVersion {
  const groups: ByVersion = { v1: [], v1a: [] };
  let readable = false;
  for (const item of items) {
    const [, version, signature = ""] = /^(\w+),(.*)/.exec(item) ?? [];
    readable ||= version !== undefined;
    if (version === "v1" || version === "v1a") groups[version].push(signature);
  }
  if (readable) return groups;
  throw failure("malformed_header", headerName, "is not a list of version,signature");
}

function noUsableKey({ v1, v1a }: ByVersion, headerName: string): WebhookError {
  if (v1.length + v1a.length === 0) return failure("unknown_version", headerName, "has no v1 or v1a signature");
  const lack = v1.length > 0 ? "v1 signatures, but no whsec_ secret" : "v1a signatures, but no whpk_ key";
  return failure("key_unavailable", headerName, `has only ${lack} was given`);
}

function failure(code: WebhookErrorCode, headerName: string, what: string): WebhookError {
  return new WebhookError(code, `The ${headerName} header ${what}.`, { headerName });
}
