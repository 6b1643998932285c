/** Says whose proxy is in trouble: that of the endpoint, of its application, or the platform's, which has the client's own words. */
import type { EgressResult } from "@posthorn/egress";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";

const SENTENCES = {
  endpoint: {
    proxy_failed:
      "The proxy that is set for this endpoint is in trouble. Look at the proxy, or set another one for the endpoint.",
    proxy_denied: "The proxy that is set for this endpoint does not allow this target. Allow it there.",
    blocked_proxy:
      "The proxy that is set for this endpoint is at a blocked address. Set one that is reachable on the public internet, or ask the operator.",
  },
  application: {
    proxy_failed:
      "The proxy that is set for this application is in trouble. Look at the proxy, or set another one for the application.",
    proxy_denied: "The proxy that is set for this application does not allow this target. Allow it there.",
    blocked_proxy:
      "The proxy that is set for this application is at a blocked address. Set one that is reachable on the public internet, or ask the operator.",
  },
} as const;

export function namingProxy(result: EgressResult, proxyOf: DirectoryEndpoint["proxyOf"]): EgressResult {
  if (result.kind !== "error" || proxyOf === null) return result;
  const { code } = result;
  if (code !== "proxy_failed" && code !== "proxy_denied" && code !== "blocked_proxy") return result;
  return { ...result, message: SENTENCES[proxyOf][code] };
}
