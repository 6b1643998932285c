/** The authorization server that connects clients to the MCP endpoint: whether it is on, and its URLs. */
import type { DomainRules } from "../rules.ts";
import { isDocumentUrl } from "./document.ts";

type Rules = Pick<DomainRules, "publicUrl" | "connectedClients">;

/** The MCP endpoint of the organisation, which access tokens are for (RFC 8707). */
export function resourceOf({ publicUrl }: Pick<Rules, "publicUrl">): string {
  return `${publicUrl()}/mcp`;
}

/** Whether clients can be connected. Codes and tokens travel over TLS, or stay on this machine. */
export function isConnectable({ publicUrl, connectedClients }: Rules): boolean {
  if (connectedClients.registration === "off") return false;
  const url = URL.parse(publicUrl());
  return url !== null && (url.protocol === "https:" || isLoopbackName(url.hostname));
}

export function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Whether a client means the MCP endpoint by this resource. Scheme and host may be in upper case, and a slash may follow. */
export function isResource(rules: Pick<Rules, "publicUrl">, resource: string): boolean {
  const [given, own] = [URL.parse(resource), URL.parse(resourceOf(rules))];
  if (given === null || own === null || resource.includes("#")) return false;
  return given.href === own.href || given.href === `${own.href}/` || isSameOnLoopback(given, own);
}

/** A server that listens only on this machine has several names, and the person may have used any of them. */
function isSameOnLoopback(given: URL, own: URL): boolean {
  const places = [given, own].map(({ protocol, port, pathname, search }) =>
    [protocol, port, pathname, search].join(" "),
  );
  return isLoopbackName(given.hostname) && isLoopbackName(own.hostname) && places[0] === places[1];
}

/** Whether a client with this ID may be connected: those that registered themselves, only while that is allowed. */
export function acceptsClient({ connectedClients }: Pick<Rules, "connectedClients">, clientId: string): boolean {
  return isDocumentUrl(clientId) || connectedClients.registration === "on";
}
