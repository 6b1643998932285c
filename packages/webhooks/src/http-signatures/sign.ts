import { encodeBase64, toBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type HeaderPairs, readHeaders, type WebhookRequest } from "../request.ts";
import { contentDigest } from "./content-digest.ts";
import { type HttpSignatureKey, prepareSigner } from "./keys.ts";
import { signatureBase } from "./signature-base.ts";
import { isSfString, serializeInnerList, type SfInnerList, type SfValue } from "./structured-fields.ts";

/** A request to sign: what will be sent. Headers that are to be covered must already be there. */
export type SignableRequest = Omit<WebhookRequest, "body"> & { readonly body: Uint8Array | string };

/** What a signature covers and says. */
export interface HttpSignOptions {
  /**
   * Covered components in order, such as `@method`, `@authority` or a header's name in lower case. The default covers
   * the method, the URL without its scheme (a proxy may end TLS), the digest of the body, and `content-type` and
   * `webhook-id` when the request has them.
   */
  readonly components?: readonly string[];
  /** Signing time, Unix seconds in the signature. Defaults to now; `null` leaves `created` out. */
  readonly created?: Date | null;
  /** Time after which the signature is not to be accepted. */
  readonly expires?: Date;
  /** A value the receiver can refuse to see twice. */
  readonly nonce?: string;
  /** Says what the signature is for, so that one made for another purpose is not taken. */
  readonly tag?: string;
  /** Name of the signature in both headers. Defaults to `sig`. */
  readonly label?: string;
  /** Writes the `alg` parameter. Defaults to leaving it out, as the key tells the algorithm (RFC 9421 section 7.3.6). */
  readonly writeAlgorithm?: boolean;
  /** Digest of the body, when `content-digest` is covered and not yet a header. Defaults to `sha-256`. */
  readonly digestAlgorithm?: "sha-256" | "sha-512";
}

const DEFAULT_COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"] as const;
const DEFAULT_HEADERS = ["content-type", "webhook-id"] as const;

/**
 * Signs a request (RFC 9421 section 3.1) and gives the headers to add: `signature-input`, `signature`, and
 * `content-digest` (RFC 9530) when it is covered and the request does not have it. With several keys there is one
 * signature for each, labelled `sig`, `sig2` and so on.
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
    if (!isSfString(text)) throw new WebhookError("argument_invalid", `${name} must be printable ASCII.`);
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
  throw new WebhookError("argument_invalid", "A signature's label is lower-case ASCII that starts with a letter.");
}
