import { formatAddress, parseNetwork } from "./address/bytes.ts";
import { EgressConfigError } from "./errors.ts";

/** The document of `/.well-known/webhook-sources.json`: where deliveries come from, for the firewalls of receivers. */
export interface WebhookSources {
  readonly version: 1;
  /** ISO 8601: when the list last changed. */
  readonly updated: string;
  /** CIDRs, sorted. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/**
 * Builds the document of `/.well-known/webhook-sources.json`. Serving it is the server's business.
 *
 * @param addresses Addresses and CIDRs that deliveries leave from: of this platform, or of its proxy.
 * @param updated When the list last changed.
 * @throws {EgressConfigError} `invalid_option`, with the entry that is neither.
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
        `"${text}" is no IP address and no CIDR without bits past its length.`,
      );
    }
    (network.bytes.length === 4 ? ipv4 : ipv6).add(`${formatAddress(network.bytes)}/${network.bits}`);
  }
  return { version: 1, updated: updated.toISOString(), ipv4: [...ipv4].sort(), ipv6: [...ipv6].sort() };
}
