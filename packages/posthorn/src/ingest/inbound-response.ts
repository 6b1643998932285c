/** Responses to webhook requests. */
import { responseType } from "../domain/source/response-rules.ts";

export interface InboundResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The response as JSON or plain text, for a source that shares an origin with pages of other organisations. */
export function plainResponse(response: InboundResponse): InboundResponse {
  const { "content-type": contentType, ...headers } = response.headers;
  if (contentType === undefined) return response;
  return { ...response, headers: { ...headers, "content-type": responseType(contentType, "plain") } };
}
