import { encodeBase64, toBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type HeaderPairs, readHeaders, type WebhookRequest } from "../request.ts";
import { contentDigest } from "./content-digest.ts";
import { type HttpSignatureKey, prepareSigner } from "./keys.ts";
import { signatureBase } from "./signature-base.ts";
import { isSfString, serializeInnerList, type SfInnerList, type SfValue } from "./structured-fields.ts";

/** The request to be sent. Headers to be covered by the signature must already be present. */
export type SignableRequest = Omit<WebhookRequest, "body"> & { readonly body: Uint8Array | string };

/** Coverage and parameters of a signature. */
export interface HttpSignOptions {
  /**
   * Covered components in order: derived components such as `@method` and `@authority`, or header names in lower
   * case. By default the signature covers the method, the URL without its scheme (a proxy may terminate TLS), the
   * digest of the body, and `content-type` and `webhook-id` when the request has them.
   */
  readonly components?: readonly string[];
  /** Signing time, written as Unix seconds. Defaults to now; `null` omits the `created` parameter. */
  readonly created?: Date | null;
  /** Time after which the signature must be rejected, written as Unix seconds. */
  readonly expires?: Date;
  /** Unique value that allows the receiver to detect replays. */
  readonly nonce?: string;
  /** Purpose of the signature, so that a signature made for another purpose is not accepted. */
  readonly tag?: string;
  /** Name of the signature in both headers. Defaults to `sig`. */
  readonly label?: string;
  /** Writes the `alg` parameter. Off by default, because the key determines the algorithm (RFC 9421 section 7.3.6). */
  readonly writeAlgorithm?: boolean;
  /**
   * Digest algorithm used when `content-digest` is covered and the request has no such header. Defaults to `sha-256`.
   */
  readonly digestAlgorithm?: "sha-256" | "sha-512";
}

const DEFAULT_COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"] as const;
const DEFAULT_HEADERS = ["content-type", "webhook-id"] as const;

/**
 * Signs a request and returns the headers to add to it: `signature-input`, `signature`, and `content-digest` when it
 * is covered and not yet present.
 *
 * @param request The request to be sent, with its absolute URL.
 * @param keys One key or several. Each key adds a signature, labelled `sig`, `sig2` and so on.
 * @param options Covered components and parameters of the signature.
 * @returns Headers to add, with names in lower case.
 * @throws {WebhookError} `secret_invalid` for a key that cannot sign, `argument_invalid` for a relative URL or an
 *   unusable parameter, `missing_header` for a covered header that the request lacks, `malformed_header` for an
 *   unknown component.
 * @see RFC 9421 section 3.1, RFC 9530
 *
 * @example
 *
 * ```ts
 * import { signRequest, verifyRequest } from "@posthorn/webhooks/http-signatures";
 *
 * const key = { keyId: "key-1", key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
 * const request = {
 *   method: "POST",
 *   url: "https://receiver.example/webhooks",
 *   headers: { "content-type": "application/json" },
 *   body: new TextEncoder().encode('{"type":"invoice.paid"}'),
 * };
 * const added = await signRequest(request, key);
 * console.log(Object.keys(added)); // [ 'content-digest', 'signature-input', 'signature' ]
 *
 * const { keyId } = await verifyRequest({ ...request, headers: { ...request.headers, ...added } }, key);
 * console.log(keyId); // key-1
 * ```
 */
export async function signRequest(
  request: SignableRequest,
  keys: HttpSignatureKey | readonly HttpSignatureKey[],
  options: HttpSignOptions = {},
): Promise<Record<string, string>> {
  const added: Record<string, string> = {};
  const headers = readHeaders(request.headers);
  const components = options.components ?? [
    ...DEFAULT_COMPONENTS,
    ...DEFAULT_HEADERS.filter((name) => headers.get(name) !== undefined),
  ];
  const extra: [string, string][] = [];
  if (components.includes("content-digest") && headers.get("content-digest") === undefined) {
    added["content-digest"] = await contentDigest(toBytes(request.body), options.digestAlgorithm);
    extra.push(["content-digest", added["content-digest"]]);
  }
  const names = new Set(components.filter((name) => !name.startsWith("@") && headers.get(name) !== undefined));
  const pairs: HeaderPairs = [
    ...[...names].flatMap((name) => headers.all(name).map((v) => [name, v] as const)),
    ...extra,
  ];
  const inputs: string[] = [];
  const signatures: string[] = [];
  for (const [index, input] of (isList(keys) ? keys : [keys]).entries()) {
    const key = prepareSigner(input);
    const covered = coveredList(
      components,
      options,
      key.keyId,
      options.writeAlgorithm === true ? key.algorithm : undefined,
    );
    const label = `${labelOf(options)}${index === 0 ? "" : index + 1}`;
    const base = signatureBase({ method: request.method, url: request.url, headers: pairs }, covered);
    inputs.push(`${label}=${serializeInnerList(covered)}`);
    signatures.push(`${label}=:${encodeBase64(await key.sign(base))}:`);
  }
  return { ...added, "signature-input": inputs.join(", "), signature: signatures.join(", ") };
}

function isList(keys: HttpSignatureKey | readonly HttpSignatureKey[]): keys is readonly HttpSignatureKey[] {
  return Array.isArray(keys);
}

function coveredList(
  components: readonly string[],
  options: HttpSignOptions,
  keyId: string | undefined,
  algorithm: string | undefined,
): SfInnerList {
  const parameters = new Map<string, SfValue>();
  const { created, expires } = options;
  if (created !== null) parameters.set("created", seconds(created ?? new Date()));
  if (expires !== undefined) parameters.set("expires", seconds(expires));
  const texts = { nonce: options.nonce, alg: algorithm, keyid: keyId, tag: options.tag };
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue;
    if (!isSfString(text)) throw new WebhookError("argument_invalid", `The ${name} parameter must be printable ASCII.`);
    parameters.set(name, text);
  }
  return { items: components.map((value) => ({ value, parameters: new Map() })), parameters };
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function labelOf(options: HttpSignOptions): string {
  const label = options.label ?? "sig";
  if (/^[a-z*][a-z0-9_\-.*]*$/.test(label)) return label;
  throw new WebhookError(
    "argument_invalid",
    "The label of a signature must be lower-case ASCII and start with a letter.",
  );
}
