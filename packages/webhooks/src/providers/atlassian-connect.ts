import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import { queryOf } from "../provider/inbound.ts";
import { type Claims, jwt, requireClaim } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

/** The `qsh` claim: SHA-256 of `METHOD&path&query` in canonical form, so that a token is valid for one request only. */
async function checkQueryHash(claims: Claims, context: SchemeContext): Promise<void> {
  const { inbound, config } = context;
  if (config["clientKey"] !== undefined) requireClaim(claims, "iss", config["clientKey"]);
  const hash = await digest("sha256", [canonicalRequest(inbound.method, inbound.url, config["baseUrl"])]);
  requireClaim(claims, "qsh", encodeHex(hash), "url_mismatch");
}

/** `METHOD&path&query`, the path without that of the app's base URL, the query sorted and re-encoded. */
export function canonicalRequest(method: string, url: string, baseUrl = ""): string {
  const base = pathOf(baseUrl).replace(/\/$/, "");
  const full = pathOf(url);
  const relative = full === base || full.startsWith(`${base}/`) ? full.slice(base.length) : full;
  const path = relative.replaceAll("&", "%26").replace(/(?<=.)\/$/, "") || "/";
  return `${method}&${path}&${canonicalQuery(url)}`;
}

function canonicalQuery(url: string): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(queryOf(url))) {
    if (name !== "jwt") values.set(name, [...(values.get(name) ?? []), value]);
  }
  return [...values.keys()]
    .sort()
    .map((name) => `${encodeStrict(name)}=${values.get(name)!.sort().map(encodeStrict).join(",")}`)
    .join("&");
}

/**
 * Percent-encoding of everything but unreserved characters (RFC 3986), which encodeURIComponent does not fully
 * implement.
 */
function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
}

/** The token covers method, path and query, but not the body. */
export const atlassianConnect: ProviderDefinition = {
  id: "atlassian-connect",
  name: "Atlassian Connect",
  group: "development",
  schemes: [
    jwt({
      header: "authorization",
      scheme: "JWT",
      algorithms: ["HS256"],
      covers: "nothing",
      expires: true,
      check: checkQueryHash,
    }),
  ],
  secret: "sharedSecret of the tenant (by clientKey = iss)",
  config: { baseUrl: "base URL of the app descriptor", clientKey: "expected iss" },
  event: "{body:webhookEvent}",
  time: "{body:timestamp}",
};
