/** Hides the secrets of a configuration in texts that are recorded, such as a response that repeats the request. */

import { boundedCache } from "../../lib/bounded-cache.ts";

/** Shorter secrets could be parts of ordinary words. */
const LEAST_LENGTH = 6;
const HIDDEN = "***";

/** Forms of each secret. The secrets of a configuration are hidden in every attempt. */
const knownForms = boundedCache<string, readonly string[]>(1000);

/** @param secrets Values of the secret fields. */
export function secretHider(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap((secret) => (secret.length < LEAST_LENGTH ? [] : formsOf(secret)));
  // The longest form first, because one can contain another.
  const unique = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) =>
    unique.reduce((shown, form) => (form.length <= shown.length ? shown.replaceAll(form, HIDDEN) : shown), text);
}

/** The secret as a text, a part of a URL or of a JSON text, and in base64. */
function formsOf(secret: string): readonly string[] {
  let forms = knownForms.get(secret);
  if (forms === undefined) {
    const base64 = Buffer.from(secret, "utf8").toString("base64");
    forms = [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64])];
    knownForms.set(secret, forms);
  }
  return forms;
}
