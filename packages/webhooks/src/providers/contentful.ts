import type { MessageParts } from "../crypto/hmac.ts";
import { WebhookError } from "../errors.ts";
import { queryOf } from "../provider/inbound.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { SignedInput } from "../provider/scheme/signed.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

const LIST = "x-contentful-signed-headers";

/** Signs method, path with its query encoded once more, the headers that the request names, and the body. */
function canonicalRequest({ inbound, url }: SignedInput): MessageParts {
  const names = (inbound.header(LIST) ?? "").split(",").map((name) => name.trim().toLowerCase());
  // Unless both are in the list, either could be changed.
  if (!names.includes(LIST) || !names.includes("x-contentful-timestamp")) {
    throw new WebhookError("malformed_header", `The ${LIST} header must list itself and the timestamp.`, {
      headerName: LIST,
    });
  }
  const headers = [...new Set(names)]
    .sort()
    .flatMap((name) => {
      const value = inbound.header(name);
      return value === undefined ? [] : [`${name}:${value}`];
    })
    .join(";");
  return [`${inbound.method}\n${encodedPath(url)}\n${headers}\n`, inbound.body];
}

function encodedPath(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "") || "/";
  const query = queryOf(url);
  try {
    return encodeURI(query === "" ? path : `${path}?${encodeURIComponent(query)}`);
  } catch {
    return path; // A lone surrogate: no sender can have signed it.
  }
}

/** Signing is opt-in. The query is encoded twice in the signed text. */
export const contentful: ProviderDefinition = {
  id: "contentful",
  name: "Contentful",
  group: "content",
  schemes: [
    hmac({
      header: "x-contentful-signature",
      timestamp: signedTime({ from: "header:x-contentful-timestamp", as: milliseconds, tolerance: 30 }),
      url: "url",
      signed: canonicalRequest,
      signedText: "{method}\\n{path}\\n{signed headers}\\n{body}",
    }),
  ],
  secret: "signing secret (64 characters)",
  config: { url: "public URL with its query, if a proxy changes it" },
  event: "{header:x-contentful-topic}",
  delivery: "{header:x-contentful-idempotency-key}",
  time: ["{body:sys.updatedAt}", "{header:x-contentful-timestamp}"],
  respond: { within: 30 },
  retry: "2 more times on 429 and 5xx, about 30 s apart",
};
