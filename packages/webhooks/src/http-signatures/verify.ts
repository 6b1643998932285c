import { firstMatch } from "../awaitable.ts";
import { checkFreshness, type ClockOptions } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import { readHeaders, requireHeader, type WebhookRequest } from "../request.ts";
import { unwrap, type Verified, type VerifyResult } from "../result.ts";
import { verifyContentDigest } from "./content-digest.ts";
import { type HttpSignatureKey, type PreparedVerifier, prepareVerifier } from "./keys.ts";
import { malformed, signatureBase } from "./signature-base.ts";
import { parseDictionary, type SfInnerList } from "./structured-fields.ts";

/** What a verifier insists on: a valid signature over the wrong things proves nothing. */
export interface HttpVerifyOptions extends ClockOptions {
  /**
   * Components that must be covered, without parameters. Defaults to `@method`, `@authority`, `@path` and, for a body
   * that is not empty, `content-digest`. A covered `@target-uri` counts for scheme, authority, path and query.
   */
  readonly required?: readonly string[];
  /** Accepts signatures without a `created` time. Defaults to false. */
  readonly allowUndated?: boolean;
  /** Takes only signatures with this `tag`. */
  readonly tag?: string;
  /** Takes only the signature with this label. */
  readonly label?: string;
}

/** A request with at least one signature that covers what was asked for. */
export interface HttpVerified extends Verified {
  readonly scheme: "http-message-signatures";
  /** The signature's name in both headers. */
  readonly label: string;
  readonly keyId: string | undefined;
  /** Names of the covered components. Trust nothing else of the request. */
  readonly components: readonly string[];
  readonly nonce: string | undefined;
}

const MOST_SIGNATURES = 16;
const TARGET_PARTS = new Set(["@scheme", "@authority", "@path", "@query"]);

interface Candidate {
  readonly label: string;
  readonly covered: SfInnerList;
  readonly signature: Uint8Array;
}

/**
 * Verifies a signed request (RFC 9421 section 3.2) and the digest of its body (RFC 9530). One good signature is enough;
 * when none is good, the error is that of the last one tried. Throws a {@link WebhookError}.
 *
 * @param keys Each key that is trusted. A signature that names a `keyid` is checked with that key only, and with keys
 *   that have no `keyId`.
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
  throw failure ?? malformed("names no signature that is also in the Signature header and was asked for");
}

/** As {@link verifyRequest}, with the error in the result instead of thrown. */
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
  return found.slice(0, MOST_SIGNATURES);
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
      "The signature does not fit the covered parts of the request: wrong key, or the URL or a header changed on the way.",
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
  if (missing !== undefined) throw malformed(`does not cover ${missing}, which this receiver insists on`);
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
    throw new WebhookError("token_expired", "The signature is past its expires time.", { ...details, ageSeconds });
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

/** The keys that may have made this signature. The `alg` a request names never chooses; it can only rule out. */
function keysFor(covered: SfInnerList, keys: readonly PreparedVerifier[]): readonly PreparedVerifier[] {
  const keyId = textOf(covered, "keyid");
  const algorithm = textOf(covered, "alg");
  const named = keys.filter((key) => key.keyId === undefined || keyId === undefined || key.keyId === keyId);
  if (named.length === 0) {
    throw new WebhookError("key_unavailable", "The signature names a keyid that none of the given keys has.", {
      headerName: "signature-input",
      field: "keyid",
    });
  }
  const usable = named.filter((key) => algorithm === undefined || key.algorithm === algorithm);
  if (usable.length > 0) return usable;
  throw new WebhookError("unsupported_algorithm", "The signature's alg is not the algorithm of the key it names.", {
    headerName: "signature-input",
    field: "alg",
  });
}

function textOf(covered: SfInnerList, name: string): string | undefined {
  const value = covered.parameters.get(name);
  return typeof value === "string" ? value : undefined;
}
