/**
 * Names the proxy that failed, if it is that of the endpoint or of its application. For the platform's proxy, the message of the HTTP
 * client stays.
 */
import type { EgressResult } from "@posthorn/egress";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";

const SENTENCES = {
  endpoint: {
    proxy_failed: "The proxy of this endpoint failed. Check the proxy, or set another one for the endpoint.",
    proxy_denied: "The proxy of this endpoint does not allow this target. Allow the target in the proxy.",
    blocked_proxy:
      "The proxy of this endpoint is at a blocked address. Use a proxy that is reachable on the public internet, or ask the operator.",
  },
  application: {
    proxy_failed: "The proxy of this application failed. Check the proxy, or set another one for the application.",
    proxy_denied: "The proxy of this application does not allow this target. Allow the target in the proxy.",
    blocked_proxy:
      "The proxy of this application is at a blocked address. Use a proxy that is reachable on the public internet, or ask the operator.",
  },
} as const;

export function namingProxy(result: EgressResult, proxyOf: DirectoryEndpoint["proxyOf"]): EgressResult {
  if (result.kind !== "error" || proxyOf === null) return result;
  const { code } = result;
  if (code !== "proxy_failed" && code !== "proxy_denied" && code !== "blocked_proxy") return result;
  return { ...result, message: SENTENCES[proxyOf][code] };
}
