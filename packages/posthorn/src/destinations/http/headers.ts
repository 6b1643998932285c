/** Headers of a delivery. */
import type { StandardFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { VERSION } from "../../lib/version.ts";

export const USER_AGENT = `Posthorn/${VERSION}`;

/** Prefix of the header names for ID, timestamp and signature. */
export type HeaderFamily = "webhook" | "svix" | "x-posthorn";

export interface DeliveryHeaders {
  readonly messageId: string;
  /** Unix milliseconds of this attempt. */
  readonly now: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly families: readonly HeaderFamily[];
  /** Empty: none, because it is among the other headers. */
  readonly userAgent?: string;
}

/** The Standard Webhooks headers, signed with every active secret. Without ID and signature if another signature style replaces them. */
export function standardHeaders(
  endpoint: DirectoryEndpoint,
  { messageId, now, contentType, body, families, userAgent = USER_AGENT }: DeliveryHeaders,
): StandardFacts {
  const timestamp = Math.floor(now / 1000);
  if (endpoint.requestSigner !== null && !endpoint.policy.values.signing.standardHeaders) {
    return { contentType, userAgent, families: [], timestamp, signature: "" };
  }
  const signature = endpoint.signer.signSync(messageId, timestamp, body);
  return { contentType, userAgent, families, timestamp, signature };
}

/** Flat list of names and values in the order they are sent: standard headers first, then others. Empty ones are omitted. */
export function flatHeaders(messageId: string, standard: StandardFacts, more: readonly string[]): string[] {
  const { contentType, userAgent, families, timestamp, signature } = standard;
  const headers: string[] = [];
  if (contentType !== "") headers.push("content-type", contentType);
  if (userAgent !== "") headers.push("user-agent", userAgent);
  for (const family of families) {
    headers.push(`${family}-id`, messageId, `${family}-timestamp`, String(timestamp), `${family}-signature`, signature);
  }
  headers.push(...more);
  return headers;
}

/** The headers of a request besides the standard ones. */
export interface OtherHeaders {
  readonly headers: readonly string[];
  /** `headers` with `null` in place of secrets. */
  readonly masked: readonly (string | null)[];
}

interface StyledRequest extends OtherHeaders {
  readonly messageId: string;
  readonly method: string;
  readonly url: string;
  readonly standard: StandardFacts;
  readonly body: Uint8Array;
}

/** Adds the signature that the policy asks for. It replaces a header of the endpoint or the provider with the same name. */
export async function signedHeaders(endpoint: DirectoryEndpoint, request: StyledRequest): Promise<OtherHeaders> {
  const sign = endpoint.requestSigner;
  if (sign === null) return request;
  const { messageId, method, url, standard, headers, masked, body } = request;
  const { timestamp } = standard;
  const added = await sign({ method, url, headers: flatHeaders(messageId, standard, headers), body, timestamp });
  const names = new Set(added.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  return { headers: [...without(headers, names), ...added], masked: [...without(masked, names), ...added] };
}

function without<Value extends string | null>(headers: readonly Value[], names: ReadonlySet<string>): Value[] {
  return headers.filter((_, index) => !names.has((headers[index - (index % 2)] ?? "").toLowerCase()));
}
