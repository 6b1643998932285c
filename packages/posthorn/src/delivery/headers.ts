/** The headers of a delivery. */
import type { StandardFacts } from "../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import { VERSION } from "../version.ts";

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

/** The headers of Standard Webhooks, signed now with every live secret. */
export function standardHeaders(
  endpoint: DirectoryEndpoint,
  { messageId, now, contentType, body, families, userAgent = USER_AGENT }: DeliveryHeaders,
): StandardFacts {
  const timestamp = Math.floor(now / 1000);
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
