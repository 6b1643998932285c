/**
 * Checks the origin and the host of a request. A page on the internet can make its own name resolve to an address in the network of its
 * visitor (DNS rebinding), and would reach this server with that name.
 */
import { isIP } from "node:net";

export interface AllowedHosts {
  /** Public URL of the server; empty: not known. */
  readonly publicUrl: string;
  /** Origins of pages that may call the API. `*` allows no origin here: each has to be named. */
  readonly corsOrigins: readonly string[];
}

/** Whether pages of this origin may call. Programs send none. */
export function isAllowedOrigin(origin: string | undefined, host: string, allowed: AllowedHosts): boolean {
  if (origin === undefined) return true;
  const parsed = originOf(origin);
  if (parsed === null) return false;
  if (parsed === originOf(allowed.publicUrl) || allowed.corsOrigins.some((one) => originOf(one) === parsed))
    return true;
  // A page of this server, under another address than its public one.
  return new URL(parsed).host === host.toLowerCase() && isAllowedHost(host, allowed);
}

/** Whether the name in the Host header is one that only the operator can have chosen. */
export function isAllowedHost(host: string, { publicUrl, corsOrigins }: AllowedHosts): boolean {
  const name = hostnameOf(`http://${host}`);
  if (name === null) return false;
  if (isPrivateName(name)) return true;
  return [publicUrl, ...corsOrigins].some((url) => hostnameOf(url) === name);
}

/** Addresses, and names that no public DNS server can answer for. */
function isPrivateName(name: string): boolean {
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) return true;
  return !name.includes(".") || /\.(?:local|localhost|internal)$/.test(name);
}

function originOf(url: string): string | null {
  const { origin } = URL.canParse(url) ? new URL(url) : { origin: "null" };
  return origin === "null" ? null : origin;
}

function hostnameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}
