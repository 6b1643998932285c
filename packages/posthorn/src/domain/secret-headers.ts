/** The only list of headers with secret values. All code that stores, shows or logs headers uses it. */
import { boundedCache } from "../lib/bounded-cache.ts";

/**
 * Parts of names under which people send secrets. A superfluous name hides a harmless value; a missing one reveals a
 * secret.
 */
const SECRET_PART =
  /^proxy-|auth(?!or(?!i))|token|secret|passw|passphrase|passcode|credential|cookie|session|jwt|bearer|private|api[-_]?key|shared[-_]?access|access[-_]?key|honeycomb[-_]team/i;
/** Whole words of names that mean the same. */
const SECRET_WORD = /(?:^|[-_])(?:csrf|otp|pass|pat|pin|pwd|sas|xsrf)(?:$|[-_])/i;
/** Names that contain the word key, and often hold a credential. */
const KEY_WORD =
  /(?:^|[-_])(?:api|access|account|admin|app|client|functions?|master|shared|storage|subscription|signing)?[-_]?keys?(?:$|[-_])/i;
/** Names in which a key is an identifier, not a credential. */
const HARMLESS_KEY =
  /(?:^|[-_])(?:cache|deduplication|dedupe?|idempotency|message|ordering|partition|routing|sort|surrogate)[-_]?keys?(?:$|[-_])/i;
/** Values that are recognisable as secrets. */
const SECRET_VALUE =
  /^(?:basic|bearer|digest|negotiate|token)\s|^eyJ[\w-]+\.eyJ|^(?:[rs]k_(?:live|test)|gh[opsu]|github_pat|glpat|xox[abeoprs]|whsec|whsk|phk)[_-]|^AKIA[0-9A-Z]{16}$/i;

/** Results by name: senders use the same few names again and again. */
const KNOWN = boundedCache<string, boolean>(2000);
/** Longer names are not remembered: a sender could fill the memory with them. */
const MAX_KNOWN_LENGTH = 256;

/** Whether the value of a header is hidden, and stored encrypted. */
export function isSecretHeader(name: string, value: string): boolean {
  return isSecretName(name) || SECRET_VALUE.test(value);
}

function isSecretName(name: string): boolean {
  let known = KNOWN.get(name);
  if (known === undefined) {
    const isKey = KEY_WORD.test(name) && !HARMLESS_KEY.test(name);
    known = isKey || SECRET_PART.test(name) || SECRET_WORD.test(name);
    if (name.length <= MAX_KNOWN_LENGTH) KNOWN.set(name, known);
  }
  return known;
}

/** Response headers that look secret by name but are public: challenges, CORS, and limits counted in tokens. */
const PUBLIC_IN_RESPONSES = /^(?:(?:www|proxy)-authenticate|access-control-.+|(?:x-)?ratelimit-.+)$/i;

/** As `isSecretHeader`, for a header that a receiver responded with. */
export function isSecretResponseHeader(name: string, value: string): boolean {
  return isSecretHeader(name, value) && !PUBLIC_IN_RESPONSES.test(name);
}

/** A flat list of names and values, with `null` for hidden values. */
export function masked(headers: readonly string[]): readonly (string | null)[] {
  return headers.map((text, index) => (index % 2 === 1 && isSecretHeader(headers[index - 1]!, text) ? null : text));
}
