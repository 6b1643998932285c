/**
 * Names that do not exist on the public internet or mean something else on every network. A resolver may still resolve
 * them through a search list, a hosts file or an internal zone, so they are refused before any look-up.
 *
 * Sources: the IANA special-use domain names registry (RFC 6761 and later), ICANN's reservation of `.internal`, the
 * name-collision list (`corp`, `home`, `mail`), and the metadata names of clouds.
 */
const PRIVATE_SUFFIXES: ReadonlySet<string> = new Set([
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "mail",
  "test",
  "example",
  "invalid",
  "onion",
  "alt",
  "arpa",
  "cluster",
]);

const METADATA_NAMES: ReadonlySet<string> = new Set([
  "metadata.google.internal",
  "metadata.goog",
  "instance-data.ec2.internal",
]);

/** Reason why a host name is refused without a look-up; `null` when it may be looked up. `host` is in lower case. */
export function nameProblem(host: string): "metadata-name" | "single-label" | "private-suffix" | null {
  if (METADATA_NAMES.has(host)) return "metadata-name";
  const dot = host.lastIndexOf(".");
  if (dot < 0) return "single-label";
  return PRIVATE_SUFFIXES.has(host.slice(dot + 1)) ? "private-suffix" : null;
}

/** `localhost` and its subdomains: always this machine, and never resolved by a name server (RFC 6761 section 6.3). */
export function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}
