import { after, type Awaitable, firstMatch } from "../awaitable.ts";
import { checkFreshness, type ClockOptions } from "../clock.ts";
import { ed25519Verifier } from "../crypto/ed25519.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { decodeBase64, equalText } from "../encoding.ts";
import { WebhookError, type WebhookErrorCode } from "../errors.ts";
import { type HeaderReader, type HeadersInput, readHeaders, requireHeader } from "../request.ts";
import { type Rejected, unwrap, type Verified, type VerifyResult } from "../result.ts";
import { invalid, parseSecret, secretList, type StandardSecret } from "./secret.ts";

/** What is read of a request: its headers in any shape and the exact body. */
export interface StandardRequest {
  readonly headers: HeadersInput;
  readonly body: Uint8Array | string;
}

/** How to verify. The window is 300 seconds both ways unless given. */
export interface StandardVerifyOptions extends ClockOptions {
  /** Prefixes of the three headers, tried in this order. Defaults to `webhook`, then `svix`. */
  readonly headerPrefixes?: readonly string[];
  /**
   * Accepts ids with a full stop, for senders that use them. Off by default: full stops separate the parts of the signed text, so an id
   * with one lets a request be split differently from how it was signed.
   */
  readonly allowDotsInId?: boolean;
}

/** A request signed by one of the secrets, recent enough. */
export interface StandardVerified extends Verified {
  readonly scheme: "standard-webhooks";
  /** Message id, the same on every retry: the key for deduplication. */
  readonly id: string;
  readonly signedAt: Date;
  /** Which signature matched: `v1` is HMAC-SHA256, `v1a` is Ed25519. */
  readonly version: "v1" | "v1a";
}

/** Verifies requests with keys that were made once. */
export interface StandardVerifier {
  /** The accepted request, or a thrown {@link WebhookError}. */
  verify(request: StandardRequest): Promise<StandardVerified>;
  /** As `verify`, with the error in the result. */
  tryVerify(request: StandardRequest): Promise<VerifyResult<StandardVerified>>;
  /** As `verify`, without a promise: only where the runtime has `node:crypto`, `runtime_unsupported` elsewhere. */
  verifySync(request: StandardRequest): StandardVerified;
}

// Each Ed25519 candidate costs about 0.1 ms: a long header must not become work.
const MOST_SIGNATURES = 32;
const MISMATCH = "does not fit: the secret is another endpoint's, or the body is not the bytes that were sent";

interface Key {
  readonly version: "v1" | "v1a";
  matches(signatures: readonly string[], prefix: string, body: Uint8Array | string): Awaitable<boolean>;
}

/**
 * Prepares a verifier. Give every secret that is valid now: a request passes when any of its signatures fits any of
 * them. Throws `secret_invalid` at once for a secret that cannot be used.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
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
      throw new WebhookError("runtime_unsupported", "This runtime has no synchronous crypto. Use await verify().");
    },
  };
}

/** Verifies one request, or throws a {@link WebhookError} that says why not. */
export async function verify(
  request: StandardRequest,
  secrets: StandardSecret | readonly StandardSecret[],
  options: StandardVerifyOptions = {},
): Promise<StandardVerified> {
  return unwrap(await checkRequest(request, secretList(secrets).map(keyFor), options));
}

/** As {@link verify}, with the error in the result instead of thrown, unusable secrets included. */
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
  const signatures = requireHeader(headers, headerName).split(" ", MOST_SIGNATURES);
  const id = requireHeader(headers, `${family}-id`);
  if (id.includes(".") && options.allowDotsInId !== true) {
    throw failure("id_invalid", `${family}-id`, "has a full stop");
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

/** The first family whose signature is there; the three headers of one family belong together. */
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
  if (kind === "secret") throw invalid("A whsk_ key belongs to the sender. Verify with the whpk_ key it gives you.");
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
  const lack = v1.length > 0 ? "v1 signatures and no whsec_ secret" : "v1a signatures and no whpk_ key";
  return failure("key_unavailable", headerName, `has ${lack} was given`);
}

function failure(code: WebhookErrorCode, headerName: string, what: string): WebhookError {
  return new WebhookError(code, `The ${headerName} header ${what}.`, { headerName });
}
