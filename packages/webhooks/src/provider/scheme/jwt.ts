import { firstMatch } from "../../awaitable.ts";
import { checkFreshness } from "../../clock.ts";
import { digest } from "../../crypto/digest.ts";
import { hmac, type MessageParts } from "../../crypto/hmac.ts";
import { publicKey } from "../../crypto/public-key.ts";
import type { HashName } from "../../crypto/runtime.ts";
import {
  decodeBase64Url,
  decodeUtf8,
  encodeBytes,
  equalBytes,
  equalText,
  type TextEncoding,
  utf8,
} from "../../encoding.ts";
import { WebhookError, type WebhookErrorCode } from "../../errors.ts";
import { fetchKey } from "../key-fetch.ts";
import type { KeyInput } from "../keys.ts";
import { parseJson } from "../payload.ts";
import { requireSecrets } from "../require.ts";
import type { Coverage, Evidence, Scheme, SchemeContext } from "../types.ts";

/** Claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Algorithms that a provider may use. `none` is not among them. */
export type JwtAlgorithm = "HS256" | "HS384" | "HS512" | "ES256" | "RS256";

/** Requirements on a token. */
export interface TokenOptions {
  /** Accepted algorithms. The token can only choose among them. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Accepted values of the `iss` claim. */
  readonly issuer?: readonly string[];
  /** Requires an `exp` claim. One that is present is always checked. */
  readonly expires?: boolean;
  /** Maximum age in seconds, counted from the `iat` claim. */
  readonly maxAge?: number;
  /** Clock difference in seconds that is allowed for `exp` and `nbf`. */
  readonly leeway?: number;
  /** URL of the provider's key set (RFC 7517), for asymmetric algorithms. */
  readonly keySet?: string;
  /** Name of the provider in key requests. */
  readonly provider?: string;
}

/** A token in a header, bound to the request by hash claims. */
export interface JwtOptions extends TokenOptions {
  /** Name of the scheme. Defaults to `jwt`. */
  readonly name?: string;
  /** Header with the token, in lower case. */
  readonly header: string;
  /** Authentication scheme that must precede the token. By default `Bearer` may precede it. */
  readonly scheme?: string;
  /** Claim with the SHA-256 of the body, and its encoding. */
  readonly bodyHash?: { readonly claim: string; readonly encoding: TextEncoding };
  /** Part of the request that the token protects. Defaults to `body`. */
  readonly covers?: Coverage;
  /** Additional rules. Throws a {@link WebhookError} to reject the token. */
  readonly check?: (claims: Claims, context: SchemeContext) => Promise<void> | void;
}

/** Scheme created by {@link jwt}. */
export interface JwtScheme extends Scheme {
  readonly kind: "jwt";
  readonly options: JwtOptions;
}

/**
 * Scheme for a JSON Web Token (RFC 7519) that is signed with one of the accepted algorithms.
 *
 * @param options Location of the token, algorithms and claims to check.
 * @returns A scheme for a provider definition, with `trust: "signed"`.
 * @see RFC 7519, RFC 7515
 *
 * @example
 *
 * ```ts
 * import { jwt, verifyProvider, type ProviderDefinition } from "@posthorn/webhooks/provider";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [
 *     jwt({ header: "authorization", algorithms: ["HS256"], bodyHash: { claim: "body", encoding: "hex" }, maxAge: 300 }),
 *   ],
 * };
 * const request = await signProvider(acme, { secret: "hush", body: "{}" });
 * const { claims } = await verifyProvider(acme, request, { secrets: "hush" });
 * console.log(String(claims?.["body"]).slice(0, 8)); // 44136fa3
 * ```
 */
export function jwt(options: JwtOptions): JwtScheme {
  const { bodyHash } = options;
  return {
    kind: "jwt",
    name: options.name ?? "jwt",
    trust: "signed",
    covers: options.covers ?? "body",
    needs: options.algorithms[0]!.startsWith("HS") ? "secrets" : "publicKeys",
    // Anyone who has a token can use it until it expires.
    mask: [`header:${options.header}`],
    options,
    claimed: ({ inbound }) => inbound.header(options.header) !== undefined,
    async verify(context): Promise<Evidence> {
      const token = readToken(options, context);
      const { claims, secretIndex } = await verifyToken(token, options, context);
      if (bodyHash !== undefined) await checkBodyHash(bodyHash, claims, context);
      await options.check?.(claims, context);
      const { iat } = claims;
      return { claims, secretIndex, signedAt: typeof iat === "number" ? iat * 1000 : undefined };
    },
  };
}

/** Verifies signature and times of one token, with the caller's secrets or the provider's keys. */
export async function verifyToken(
  token: string,
  options: TokenOptions,
  context: SchemeContext,
): Promise<{ readonly claims: Claims; readonly secretIndex: number }> {
  const { header, claims, signature, parts } = parseToken(token);
  const algorithm = options.algorithms.find((allowed) => allowed === header["alg"]);
  if (algorithm === undefined || header["crit"] !== undefined) {
    throw new WebhookError("unsupported_algorithm", `The token's algorithm is not ${options.algorithms.join(" or ")}.`);
  }
  const secretIndex = algorithm.startsWith("HS")
    ? await matchSecret(algorithm, signature, parts, context)
    : await matchKey(algorithm, header["kid"], signature, parts, options, context);
  if (secretIndex < 0) {
    throw new WebhookError(
      "signature_mismatch",
      "The signature of the token does not match: it was made with another secret or key.",
    );
  }
  checkTimes(claims, options, context);
  checkIssuer(claims, options.issuer);
  return { claims, secretIndex };
}

/** Splits a compact token. Throws `token_invalid` when it is not one. */
export function parseToken(token: string): {
  readonly header: Claims;
  readonly claims: Claims;
  readonly signature: Uint8Array;
  readonly parts: MessageParts;
} {
  const pieces = token.split(".");
  const [header, claims] = pieces.slice(0, 2).map((piece) => {
    const bytes = decodeBase64Url(piece);
    const text = bytes && decodeUtf8(bytes);
    const value = text === undefined ? undefined : parseJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
  });
  const signature = decodeBase64Url(pieces[2] ?? "");
  if (pieces.length !== 3 || header === undefined || claims === undefined || signature === undefined) {
    throw tokenError(
      "token_invalid",
      "The token is not a compact JWT: three Base64url parts separated by full stops, the first two of them JSON.",
    );
  }
  return { header, claims, signature, parts: [`${pieces[0]}.${pieces[1]}`] };
}

/** Throws unless a claim is the expected text, compared in constant time. */
export function requireClaim(
  claims: Claims,
  name: string,
  expected: string,
  code: WebhookErrorCode = "token_invalid",
): void {
  const value = claims[name];
  if (typeof value === "string" && equalText(value, expected)) return;
  throw tokenError(code, `The ${name} claim of the token is not the expected value.`, name);
}

/** Creates an error about a claim. */
export function tokenError(code: WebhookErrorCode, message: string, field?: string): WebhookError {
  return new WebhookError(code, message, field === undefined ? {} : { field });
}

function readToken(options: JwtOptions, { inbound }: SchemeContext): string {
  const value = inbound.header(options.header);
  const details = { headerName: options.header };
  if (value === undefined || value === "") {
    throw new WebhookError("missing_header", `The request has no ${options.header} header.`, details);
  }
  const [, scheme, token] = /^(?:([A-Za-z]+) +)?(\S+)$/.exec(value) ?? [];
  const fits =
    options.scheme === undefined
      ? /^bearer$/i.test(scheme ?? "bearer")
      : scheme?.toLowerCase() === options.scheme.toLowerCase();
  if (token !== undefined && fits) return token;
  throw new WebhookError(
    "malformed_header",
    `The ${options.header} header does not contain a ${options.scheme ?? "Bearer"} token.`,
    details,
  );
}

async function matchSecret(
  algorithm: JwtAlgorithm,
  signature: Uint8Array,
  parts: MessageParts,
  context: SchemeContext,
): Promise<number> {
  const secrets = requireSecrets(context);
  const hash: HashName = algorithm === "HS256" ? "sha256" : algorithm === "HS384" ? "sha384" : "sha512";
  for (const [index, secret] of secrets.entries()) {
    if (equalBytes(signature, await hmac(hash, utf8(secret), parts))) return index;
  }
  return -1;
}

async function matchKey(
  algorithm: JwtAlgorithm,
  kid: unknown,
  signature: Uint8Array,
  parts: MessageParts,
  options: TokenOptions,
  context: SchemeContext,
): Promise<number> {
  const name = algorithm === "ES256" ? "ecdsa-p256-sha256" : "rsa-sha256";
  const keys = await findKeys(typeof kid === "string" ? kid : undefined, options, context);
  return firstMatch(keys.length, (index) => {
    const jwk = keys[index]!;
    if (isExpired(jwk, context)) throw tokenError("key_untrusted", "The key that signed the token has expired.");
    return publicKey(name, { jwk }).verify(signature, parts);
  });
}

async function findKeys(kid: string | undefined, options: TokenOptions, context: SchemeContext): Promise<JsonWebKey[]> {
  const fits = (key: JsonWebKey): boolean => {
    const id = (key as { readonly kid?: unknown }).kid;
    return kid === undefined || id === undefined || id === kid;
  };
  if (context.publicKeys.length > 0) return readKeys(context.publicKeys).filter(fits);
  const { keySet, provider = "The provider" } = options;
  for (const fresh of [false, true]) {
    const fetched = await fetchKey(context.fetchKey, {
      provider,
      ...(keySet !== undefined && { url: keySet }),
      ...(kid !== undefined && { kid }),
      ...(fresh && { fresh }),
    });
    const keys = readKeys([fetched as KeyInput]).filter(fits);
    if (keys.length > 0) return keys;
  }
  throw tokenError("key_untrusted", "No published key has the id that the token names.");
}

function readKeys(inputs: readonly KeyInput[]): JsonWebKey[] {
  return inputs.flatMap((input) => {
    const value: unknown = typeof input === "string" ? parseJson(input) : input;
    if (typeof value !== "object" || value === null) return [];
    const { keys, key } = value as { readonly keys?: unknown; readonly key?: unknown };
    if (Array.isArray(keys)) return keys as JsonWebKey[];
    return [typeof key === "object" && key !== null ? key : value];
  });
}

function isExpired(key: JsonWebKey, context: SchemeContext): boolean {
  // Specific to Plaid: Unix seconds, or null while the key is in use.
  const expiry = (key as { readonly expired_at?: unknown }).expired_at;
  return typeof expiry === "number" && expiry * 1000 <= (context.now ?? Date.now)();
}

function checkTimes(claims: Claims, options: TokenOptions, context: SchemeContext): void {
  const { exp, nbf, iat } = claims;
  const { leeway = 0, maxAge } = options;
  const now = (context.now ?? Date.now)() / 1000;
  if (context.toleranceSeconds === Infinity) return;
  if (exp !== undefined && !(typeof exp === "number" && now < exp + leeway)) {
    throw tokenError("token_expired", "The token has expired. Check this machine's clock.", "exp");
  }
  if (exp === undefined && options.expires === true)
    throw tokenError("token_invalid", "The token has no exp claim, so it never expires.", "exp");
  // The clocks of two machines differ slightly, and a token used within the second of its creation must not fail.
  if (nbf !== undefined && !(typeof nbf === "number" && now >= nbf - Math.max(leeway, 5))) {
    throw tokenError("token_not_yet_valid", "The token is not valid yet. Check this machine's clock.", "nbf");
  }
  if (maxAge === undefined) return;
  if (typeof iat !== "number")
    throw tokenError("token_invalid", "The token has no iat claim, so its age is unknown.", "iat");
  checkFreshness(iat * 1000, context, maxAge, { field: "iat" });
}

function checkIssuer(claims: Claims, issuer: readonly string[] | undefined): void {
  if (issuer === undefined || issuer.some((allowed) => allowed === claims["iss"])) return;
  throw tokenError("token_invalid", "The iss claim of the token is not an accepted issuer.", "iss");
}

async function checkBodyHash(
  { claim, encoding }: NonNullable<JwtOptions["bodyHash"]>,
  claims: Claims,
  { inbound }: SchemeContext,
): Promise<void> {
  const value = claims[claim];
  if (value === undefined && inbound.body.length === 0) return;
  const hash = encodeBytes(await digest("sha256", [inbound.body]), encoding);
  // Some senders pad Base64url and some do not.
  const given = typeof value === "string" && encoding === "base64url" ? value.replace(/=+$/, "") : value;
  if (typeof given === "string" && equalText(given, hash)) return;
  throw new WebhookError(
    "digest_mismatch",
    "The body does not match the hash in the token: it was changed after it was signed.",
    { field: claim },
  );
}
