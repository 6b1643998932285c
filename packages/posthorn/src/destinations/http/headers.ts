/** The headers of a delivery. */
import type { StandardFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { VERSION } from "../../lib/version.ts";

export const USER_AGENT = `Posthorn/${VERSION}`;

/** The header names under which id, timestamp and signature go out. */
export type HeaderFamily = "webhook" | "svix" | "x-posthorn";

export interface DeliveryHeaders {
  readonly messageId: string;
  /** Unix milliseconds of this attempt. */
  readonly now: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly families: readonly HeaderFamily[];
  /** Empty: none, since the headers beside these have it. */
  readonly userAgent?: string;
}

/** The headers of Standard Webhooks, signed now with every live secret; without id and signature where another style replaces them. */
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

/** A flat list of names and values in the order they are sent: the standard ones first, then others. What is empty is left out. */
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

/** A request beside its standard headers. */
export interface OtherHeaders {
  readonly headers: readonly string[];
  /** `headers` as they are kept: `null` in place of what may not be. */
  readonly masked: readonly (string | null)[];
}

interface StyledRequest extends OtherHeaders {
  readonly messageId: string;
  readonly method: string;
  readonly url: string;
  readonly standard: StandardFacts;
  readonly body: Uint8Array;
}

/** Adds the signature that the policy asks for. A header of the endpoint or the provider under one of its names gives way. */
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
