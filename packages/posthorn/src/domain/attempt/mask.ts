/** Hides values of headers that are, or may be, secrets, before anything is written. */
import { isSensitive } from "../endpoint/headers.ts";

/** Parts of names under which people send secrets. A name too many hides a harmless value; one too few shows a secret for good. */
const SECRET_NAME =
  /auth|token|secret|passw|credential|cookie|session|jwt|bearer|private|(?:^|[-_])(?:api|access|app|client|function|functions|subscription|signing)?[-_]?keys?(?:$|[-_])/i;
/** Values that say by themselves that they are one. */
const SECRET_VALUE = /^(?:basic|bearer|digest|negotiate|token)\s|^eyJ[\w-]+\.eyJ/i;

/** Whether the value of a header may not be kept in the clear. */
export function isSecretHeader(name: string, value: string): boolean {
  return isSensitive(name) || SECRET_NAME.test(name) || SECRET_VALUE.test(value);
}

/** A flat list of names and values with `null` in place of what is hidden. */
export function masked(headers: readonly string[]): readonly (string | null)[] {
  return headers.map((text, index) => (index % 2 === 1 && isSecretHeader(headers[index - 1]!, text) ? null : text));
}
