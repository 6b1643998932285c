/** Content of a listed message, which the API returns as `payload` if it is a JSON object, and as `rawPayload` otherwise. */

interface Listed {
  readonly payload: unknown;
  readonly rawPayload?: string | null | undefined;
  readonly rawPayloadEncoding?: string | null | undefined;
}

export interface MessageContent {
  /** The JSON value; `undefined`: the content is not JSON. */
  readonly json: unknown;
  /** In one line, if it is JSON. */
  readonly short: string;
  /** Over several lines, if it is JSON. */
  readonly long: string;
}

export function contentOf({ payload, rawPayload, rawPayloadEncoding }: Listed): MessageContent {
  if (rawPayload === undefined || rawPayload === null) return ofJson(payload);
  if (rawPayloadEncoding !== "base64") {
    try {
      return ofJson(JSON.parse(rawPayload));
    } catch {
      // Text in another format.
    }
  }
  return { json: undefined, short: rawPayload, long: rawPayload };
}

function ofJson(json: unknown): MessageContent {
  return { json, short: JSON.stringify(json) ?? "", long: JSON.stringify(json, null, 2) ?? "" };
}
