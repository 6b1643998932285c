/** Converts requests to curl commands. Tokens are replaced by a variable. */

import { baseUrl } from "./base.ts";

export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
  readonly body: string | null;
}

/** Headers that curl sets itself. */
const OWN = new Set(["content-length", "host", "connection", "accept-encoding"]);

export function toCurl({ method, url, headers, body }: CurlRequest): string {
  const lines = [`curl -X ${method} ${quote(url)}`];
  for (const { name, value } of headers) {
    if (OWN.has(name.toLowerCase())) continue;
    lines.push(`  -H ${quote(`${name}: ${value ?? "…"}`)}`);
  }
  if (body !== null) lines.push(`  --data-binary ${quote(body)}`);
  return lines.join(" \\\n");
}

export interface PublishedMessage {
  readonly eventType: string;
  readonly body: { readonly text: string; readonly base64: boolean; readonly json: boolean } | null;
  readonly contentType: string;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
}

/** Command that publishes the message again as a new message. A JSON payload is included byte for byte. */
export function publishCurl(app: string, { eventType, body, contentType, channels, tags }: PublishedMessage): string {
  const about = { eventType, ...(channels === null ? {} : { channels }), ...(tags === null ? {} : { tags }) };
  const raw = { rawPayload: body?.text ?? "", ...(body?.base64 === true ? { rawPayloadEncoding: "base64" } : {}) };
  const json =
    body?.json === true
      ? `${JSON.stringify(about).slice(0, -1)},"payload":${body.text}}`
      : JSON.stringify({ ...about, transformationsParams: { ...raw, headers: { "content-type": contentType } } });
  const headers = [{ name: "content-type", value: "application/json" }];
  const command = toCurl({ method: "POST", url: `${baseUrl()}/api/v1/app/${app}/msg`, headers, body: json });
  return command.replace(" \\\n", ' \\\n  -H "authorization: Bearer $POSTHORN_TOKEN" \\\n');
}

/** Quotes a text for a POSIX shell, which does not expand anything within single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
