import { formatAddress, parseNetwork } from "./address/bytes.ts";
import { EgressConfigError } from "./errors.ts";

/** Document at `/.well-known/webhook-sources.json`: source addresses of deliveries, for the firewalls of receivers. */
export interface WebhookSources {
  /** Version of the format. */
  readonly version: 1;
  /** Time of the last change in ISO 8601. */
  readonly updated: string;
  /** IPv4 networks in CIDR notation, sorted. */
  readonly ipv4: readonly string[];
  /** IPv6 networks in CIDR notation, sorted. */
  readonly ipv6: readonly string[];
}

/**
 * Creates the document for `/.well-known/webhook-sources.json`. Serving it is up to the caller.
 *
 * @param addresses Addresses and networks from which deliveries are sent: of this platform or of its proxy.
 * @param updated Time of the last change to the list.
 * @returns The document, ready for `JSON.stringify`.
 * @throws {EgressConfigError} `invalid_option`, with the entry that is neither an address nor a network.
 *
 * @example
 *
 * ```ts
 * import { webhookSources } from "@posthorn/egress";
 *
 * const document = webhookSources(["203.0.113.7", "2001:db8::/32"], new Date("2026-01-15T12:00:00Z"));
 * console.log(document.ipv4, document.ipv6); // [ '203.0.113.7/32' ] [ '2001:db8::/32' ]
 * ```
 */
export function webhookSources(addresses: readonly string[], updated: Date): WebhookSources {
  const ipv4 = new Set<string>();
  const ipv6 = new Set<string>();
  for (const text of addresses) {
    const network = parseNetwork(text.trim());
    if (network === null) {
      throw new EgressConfigError(
        "invalid_option",
        text,
        `"${text}" is not an IP address or a CIDR without bits set after its prefix length.`,
      );
    }
    (network.bytes.length === 4 ? ipv4 : ipv6).add(`${formatAddress(network.bytes)}/${network.bits}`);
  }
  return { version: 1, updated: updated.toISOString(), ipv4: [...ipv4].sort(), ipv6: [...ipv6].sort() };
}
