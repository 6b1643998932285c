/** The headers of a delivery. */
import type { DirectoryEndpoint } from "../domain/directory.ts";
import { VERSION } from "../version.ts";

export const USER_AGENT = `Posthorn/${VERSION}`;

/** The header names under which id, timestamp and signature go out. */
export type HeaderFamily = "webhook" | "svix";

export interface DeliveryHeaders {
  readonly messageId: string;
  /** Unix milliseconds of this attempt. */
  readonly now: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly families: readonly HeaderFamily[];
}

/** A flat list of names and values: Standard Webhooks headers, signed now with every live secret, then the endpoint's own. */
export function deliveryHeaders(endpoint: DirectoryEndpoint, delivery: DeliveryHeaders): string[] {
  const { messageId, now, contentType, body, families } = delivery;
  const seconds = Math.floor(now / 1000);
  const signature = endpoint.signer.signSync(messageId, seconds, body);
  const headers = ["content-type", contentType, "user-agent", USER_AGENT];
  for (const family of families) {
    headers.push(`${family}-id`, messageId, `${family}-timestamp`, String(seconds), `${family}-signature`, signature);
  }
  headers.push(...endpoint.headers);
  return headers;
}
