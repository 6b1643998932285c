/** Loads messages with their bodies byte for byte: parsing and serialising would change numbers such as 1.0. */
import { api, must } from "./client.ts";
import type { components } from "./schema.ts";

export interface ExactBody {
  /** Text, or base64 for binary bodies. */
  readonly text: string;
  readonly base64: boolean;
  /** Whether the body is a JSON object, like most payloads. */
  readonly json: boolean;
}

export type ExactMessage = Omit<
  components["schemas"]["MessageOut"],
  "payload" | "rawPayload" | "rawPayloadEncoding"
> & {
  /** `null` after it has expired or was deleted. */
  readonly body: ExactBody | null;
};

const PAYLOAD = ',"payload":';

export async function getMessage(path: { readonly app_id: string; readonly msg_id: string }): Promise<ExactMessage> {
  const request = api.GET("/api/v1/app/{app_id}/msg/{msg_id}", { params: { path }, parseAs: "text" });
  return toExact(await must(request));
}

/** Extracts the payload from the text of a response, where it is the last member. */
export function toExact(text: string): ExactMessage {
  const { payload, rawPayload, rawPayloadEncoding, ...rest } = JSON.parse(text) as components["schemas"]["MessageOut"];
  if (rawPayload !== undefined) {
    return { ...rest, body: { text: rawPayload, base64: rawPayloadEncoding === "base64", json: false } };
  }
  if ((payload as { readonly expired?: unknown }).expired === true) return { ...rest, body: null };
  // Quotes within strings are escaped, so this text occurs only at the member itself.
  const exact = text.slice(text.indexOf(PAYLOAD) + PAYLOAD.length, -1);
  return { ...rest, body: { text: exact, base64: false, json: true } };
}
