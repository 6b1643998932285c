/** Turns names from code into words: `invoice.payment_failed` becomes `Invoice payment failed`. */

/** Written in capitals wherever they occur. */
const ACRONYMS = new Set([
  "id",
  "url",
  "api",
  "ip",
  "sku",
  "vat",
  "cpu",
  "uuid",
  "http",
  "ssl",
  "tls",
  "dns",
  "sms",
  "pdf",
  "iban",
]);
const MAX_LENGTH = 200;

export function humanise(name: string): string {
  const words = name
    .slice(0, MAX_LENGTH)
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .split(/[\s._:/-]+/)
    .filter((word) => word !== "");
  if (words.length === 0) return name.slice(0, MAX_LENGTH);
  return words.map((word, index) => wordOf(word, index === 0)).join(" ");
}

function wordOf(word: string, isFirst: boolean): string {
  const lower = word.toLowerCase();
  if (ACRONYMS.has(lower)) return lower.toUpperCase();
  const isCapitals = word.length > 1 && word === word.toUpperCase();
  const kept = isCapitals && word.length <= 5 ? word : lower;
  return isFirst ? kept.slice(0, 1).toUpperCase() + kept.slice(1) : kept;
}
