import { parseJson } from "../provider/payload.ts";
import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Reads a JSON array, one object, or one object per line. */
function readLogs(text: string): unknown {
  const whole = parseJson(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(parseJson);
}

/** The body is a JSON array, JSON lines or one object, depending on the settings of the stream. */
export const auth0: ProviderDefinition = {
  id: "auth0",
  name: "Auth0 log streams",
  group: "identity",
  schemes: [credential({ header: "authorization" })],
  secret: "authorization token of the stream",
  payload: readLogs,
  batch: { at: "", event: "{body:data.type}", id: "{body:log_id}", time: "{body:data.date}" },
  retry: "with backoff; Auth0 pauses the stream while it fails",
};
