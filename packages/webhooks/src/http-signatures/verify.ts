import { firstMatch } from "../awaitable.ts";
import { checkFreshness, type ClockOptions } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import { readHeaders, requireHeader, type WebhookRequest } from "../request.ts";
import { unwrap, type Verified, type VerifyResult } from "../result.ts";
import { verifyContentDigest } from "./content-digest.ts";
import { type HttpSignatureKey, type PreparedVerifier, prepareVerifier } from "./keys.ts";
import { malformed, signatureBase } from "./signature-base.ts";
import { parseDictionary, type SfInnerList } from "./structured-fields.ts";

/** Requirements on a signature. A valid signature that covers the wrong components proves nothing. */
export interface HttpVerifyOptions extends ClockOptions {
  /**
   * Components that must be covered, without parameters. Defaults to `@method`, `@authority`, `@path` and, for a
   * non-empty body, `content-digest`. A covered `@target-uri` counts as scheme, authority, path and query.
   */
  readonly required?: readonly string[];
  /** Accepts signatures without a `created` time. Defaults to false. */
  readonly allowUndated?: boolean;
  /** Accepts only signatures with this `tag`. */
  readonly tag?: string;
  /** Accepts only the signature with this label. */
  readonly label?: string;
}

/** A request with a valid signature that covers the required components. */
export interface HttpVerified extends Verified {
  /** Always `http-message-signatures`. */
  readonly scheme: "http-message-signatures";
  /** Name of the signature in both headers. */
  readonly label: string;
  /** ID of the key that matched; `undefined` when neither the key nor the signature names one. */
  readonly keyId: string | undefined;
  /** Names of the covered components. Trust no other part of the request. */
  readonly components: readonly string[];
  /** The `nonce` parameter of the signature, if any. */
  readonly nonce: string | undefined;
}

const MAX_SIGNATURES = 16;
const TARGET_PARTS = new Set(["@scheme", "@authority", "@path", "@query"]);

interface Candidate {
  readonly label: string;
  readonly covered: SfInnerList;
  readonly signature: Uint8Array;
}

/**
 * Verifies a signed request and the digest of its body. One valid signature is enough; when none is valid, the error
 * is that of the last signature tried.
 *
 * @param request The request as it arrived, with the absolute URL that the sender called.
 * @param keys All trusted keys. A signature with a `keyid` is checked with that key and with keys that have no
 *   `keyId`.
 * @param options Required components, tolerance, tag and label.
 * @returns The signature that was accepted and what it covers.
 * @throws {WebhookError} `missing_header`, `malformed_header`, `timestamp_invalid`, `timestamp_too_old`,
 *   `timestamp_too_new`, `token_expired` (past the `expires` time), `key_unavailable`, `unsupported_algorithm`,
 *   `signature_mismatch`, `digest_mismatch` or `secret_invalid`.
 * @see RFC 9421 section 3.2, RFC 9530
 *
 * @example
 *
 * ```ts
 * import { signRequest, verifyRequest } from "@posthorn/webhooks/http-signatures";
 *
 * const key = { key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
 * const sent = {
 *   method: "POST",
 *   url: "https://receiver.example/webhooks",
 *   headers: {},
 *   body: new TextEncoder().encode("{}"),
 * };
 * const headers = await signRequest(sent, key);
 * const { components } = await verifyRequest({ ...sent, headers }, key);
 * console.log(components.join(" ")); // @method @authority @path @query content-digest
 * ```
 */
export async function verifyRequest(
  request: WebhookRequest,
  keys: HttpSignatureKey | readonly HttpSignatureKey[],
  options: HttpVerifyOptions = {},
): Promise<HttpVerified> {
  const list = Array.isArray(keys) ? (keys as readonly HttpSignatureKey[]) : [keys as HttpSignatureKey];
  const prepared = list.map(prepareVerifier);
  let failure: WebhookError | undefined;
  for (const candidate of candidates(request, options)) {
    try {
      return await verifyCandidate(request, candidate, prepared, options);
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      failure = error;
    }
  }
  throw (
    failure ??
    malformed("has no signature that is also in the Signature header and matches the requested label and tag")
  );
}

/**
 * Like {@link verifyRequest}, but returns the error in the result instead of throwing it.
 *
 * @param request The request as it arrived, with the absolute URL that the sender called.
 * @param keys All trusted keys.
 * @param options Required components, tolerance, tag and label.
 * @returns The accepted signature, or the error.
 *
 * @example
 *
 * ```ts
 * import { tryVerifyRequest } from "@posthorn/webhooks/http-signatures";
 *
 * const request = { method: "POST", url: "https://receiver.example/webhooks", headers: {}, body: new Uint8Array() };
 * const result = await tryVerifyRequest(request, { key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
 * if (!result.ok) console.log(result.error.code); // missing_header
 * ```
 */
export async function tryVerifyRequest(
  request: WebhookRequest,
  keys: HttpSignatureKey | readonly HttpSignatureKey[],
  options: HttpVerifyOptions = {},
): Promise<VerifyResult<HttpVerified>> {
  try {
    return unwrap(await verifyRequest(request, keys, options));
  } catch (error) {
    if (error instanceof WebhookError) return { ok: false, error };
    throw error;
  }
}

function candidates(request: WebhookRequest, options: HttpVerifyOptions): readonly Candidate[] {
  const headers = readHeaders(request.headers);
  const inputs = parseDictionary(requireHeader(headers, "signature-input"));
  const signatures = parseDictionary(requireHeader(headers, "signature"));
  if (inputs === undefined) throw malformed("is not a dictionary of lists");
  if (signatures === undefined) {
    throw new WebhookError("malformed_header", "The Signature header is not a dictionary of byte sequences.", {
      headerName: "signature",
    });
  }
  const found: Candidate[] = [];
  for (const [label, covered] of inputs) {
    const member = signatures.get(label);
    if (options.label !== undefined && label !== options.label) continue;
    if (!("items" in covered) || member === undefined || !("value" in member)) continue;
    if (options.tag !== undefined && covered.parameters.get("tag") !== options.tag) continue;
    if (member.value instanceof Uint8Array) found.push({ label, covered, signature: member.value });
  }
  return found.slice(0, MAX_SIGNATURES);
}

async function verifyCandidate(
  request: WebhookRequest,
  candidate: Candidate,
  keys: readonly PreparedVerifier[],
  options: HttpVerifyOptions,
): Promise<HttpVerified> {
  const { covered, label, signature } = candidate;
  const components = covered.items.flatMap(({ value, parameters }) =>
    typeof value === "string" && parameters.size === 0 ? [value] : [],
  );
  checkCoverage(components, options.required ?? defaultRequired(request));
  const signedAt = checkTimes(covered, options);
  const usable = keysFor(covered, keys);
  const base = signatureBase(request, covered);
  const index = await firstMatch(usable.length, (at) => usable[at]!.verify(signature, base));
  const key = usable[index];
  if (key === undefined) {
    throw new WebhookError(
      "signature_mismatch",
      "The signature does not match the covered parts of the request: the key is wrong, or the URL or a header was changed in transit.",
      { headerName: "signature" },
    );
  }
  if (components.includes("content-digest")) await verifyContentDigest(request);
  return {
    ok: true,
    scheme: "http-message-signatures",
    secretIndex: keys.indexOf(key),
    id: components.includes("webhook-id") ? readHeaders(request.headers).get("webhook-id") : undefined,
    signedAt,
    label,
    keyId: key.keyId ?? textOf(covered, "keyid"),
    components,
    nonce: textOf(covered, "nonce"),
  };
}

function checkCoverage(components: readonly string[], required: readonly string[]): void {
  const covers = (name: string) =>
    components.includes(name) || (TARGET_PARTS.has(name) && components.includes("@target-uri"));
  const missing = required.find((name) => !covers(name));
  if (missing !== undefined) throw malformed(`does not cover ${missing}, which this receiver requires`);
}

function defaultRequired(request: WebhookRequest): readonly string[] {
  const always = ["@method", "@authority", "@path"];
  return request.body.length > 0 ? [...always, "content-digest"] : always;
}

function checkTimes(covered: SfInnerList, options: HttpVerifyOptions): Date | undefined {
  const created = timeOf(covered, "created");
  const expires = timeOf(covered, "expires");
  const details = { headerName: "signature-input" };
  if (created === undefined && options.allowUndated !== true) {
    throw new WebhookError("timestamp_invalid", "The signature has no created time.", { ...details, field: "created" });
  }
  if (created !== undefined) checkFreshness(created, options, 300, details);
  const now = options.now === undefined ? Date.now() : options.now();
  if (expires !== undefined && now > expires) {
    const ageSeconds = (now - expires) / 1000;
    throw new WebhookError("token_expired", "The signature has expired: its expires time has passed.", {
      ...details,
      ageSeconds,
    });
  }
  return created === undefined ? undefined : new Date(created);
}

function timeOf(covered: SfInnerList, name: string): number | undefined {
  const value = covered.parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value * 1000;
  throw new WebhookError("timestamp_invalid", `The signature's ${name} is not a whole number of seconds.`, {
    headerName: "signature-input",
    field: name,
  });
}

/**
 * Keys that may have made this signature. The `alg` parameter of a request never selects a key; it can only exclude
 * one.
 */
function keysFor(covered: SfInnerList, keys: readonly PreparedVerifier[]): readonly PreparedVerifier[] {
  const keyId = textOf(covered, "keyid");
  const algorithm = textOf(covered, "alg");
  const named = keys.filter((key) => key.keyId === undefined || keyId === undefined || key.keyId === keyId);
  if (named.length === 0) {
    throw new WebhookError("key_unavailable", "None of the given keys has the keyid of the signature.", {
      headerName: "signature-input",
      field: "keyid",
    });
  }
  const usable = named.filter((key) => algorithm === undefined || key.algorithm === algorithm);
  if (usable.length > 0) return usable;
  throw new WebhookError("unsupported_algorithm", "The alg of the signature is not the algorithm of its key.", {
    headerName: "signature-input",
    field: "alg",
  });
}

function textOf(covered: SfInnerList, name: string): string | undefined {
  const value = covered.parameters.get(name);
  return typeof value === "string" ? value : undefined;
}
