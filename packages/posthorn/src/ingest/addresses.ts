/** Allow lists for sender addresses: IP addresses, networks, and lists that providers publish. */
import { networkCheck, parseNetwork } from "../lib/network.ts";

/**
 * Networks that providers publish as their sending addresses, by the names that an allow list may use, as of November 2026. Providers change
 * them at short notice, so they are an additional check, not a replacement for the signature.
 */
export const PUBLISHED_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  // https://api.github.com/meta, "hooks", with the additions of 2026-10-29
  github: [
    "192.30.252.0/22",
    "185.199.108.0/22",
    "140.82.112.0/20",
    "143.55.64.0/20",
    "9.234.98.160/28",
    "9.234.98.176/28",
    "9.234.106.48/28",
    "2a0a:a440::/29",
    "2606:50c0::/32",
  ],
  // https://docs.stripe.com/ips, "webhook notifications"
  stripe: [
    "3.18.12.63",
    "3.130.192.231",
    "13.235.14.237",
    "13.235.122.149",
    "18.211.135.69",
    "35.154.171.200",
    "52.15.183.38",
    "54.88.130.119",
    "54.88.130.237",
    "54.187.174.169",
    "54.187.205.235",
    "54.187.216.72",
  ],
  // https://core.telegram.org/bots/webhooks
  telegram: ["149.154.160.0/20", "91.108.4.0/22"],
  // https://paystack.com/docs/payments/webhooks
  paystack: ["52.31.139.75", "52.49.173.169", "52.214.14.220"],
};

/** Error message for an invalid entry of an allow list, or `null`. */
export function addressProblem(word: string): string | null {
  if (Object.hasOwn(PUBLISHED_ADDRESSES, word) || parseNetwork(word) !== null) return null;
  const names = Object.keys(PUBLISHED_ADDRESSES).join(", ");
  return `"${word}" is not an IP address, a network such as 10.1.0.0/16, or one of the published lists: ${names}.`;
}

/** Returns a check for addresses, or `null` for an empty list, which allows every address. */
export function addressRules(words: readonly string[]): ((address: string) => boolean) | null {
  if (words.length === 0) return null;
  return networkCheck(
    words.flatMap((word) => (Object.hasOwn(PUBLISHED_ADDRESSES, word) ? PUBLISHED_ADDRESSES[word]! : [word])),
  );
}
