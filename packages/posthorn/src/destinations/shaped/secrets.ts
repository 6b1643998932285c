/** Hides the secrets of a configuration in texts that are recorded, such as a response that repeats the request. */
import { secretsOf } from "../../fields/config.ts";
import type { AnyKind, KindConfig } from "../kind.ts";

/** Shorter secrets could be parts of ordinary words. */
const LEAST_LENGTH = 6;
const HIDDEN = "***";

/** Returns a text with its secrets replaced. */
export type Hider = (text: string) => string;

interface ConfigSecrets {
  readonly secrets: readonly string[];
  readonly hide: Hider;
}

/** The secrets of a configuration are hidden in every attempt. */
const known = new WeakMap<KindConfig, ConfigSecrets>();

/** Secrets of a configuration, and a function that hides them and others. @param more Such as those in headers of the endpoint. */
export function configSecrets(kind: AnyKind, config: KindConfig, more: readonly string[]): ConfigSecrets {
  let own = known.get(config);
  if (own === undefined) {
    const secrets = secretsOf(kind, config);
    own = { secrets, hide: secretHider(secrets) };
    known.set(config, own);
  }
  if (more.length === 0) return own;
  const secrets = [...new Set([...own.secrets, ...more])];
  return { secrets, hide: secretHider(secrets) };
}

/**
 * The forms of a secret are made when a text is long enough to contain one: most texts are short, and credentials of a single request are
 * long.
 *
 * @param secrets Values of the secret fields.
 */
export function secretHider(secrets: readonly string[]): Hider {
  const waiting = secrets
    .filter(({ length }) => length >= LEAST_LENGTH)
    .sort((one, other) => one.length - other.length);
  let made = 0;
  let forms: readonly string[] = [];
  return (text) => {
    const from = made;
    // No form is shorter than the secret.
    while (made < waiting.length && waiting[made]!.length <= text.length) made++;
    if (made > from) {
      const more = waiting.slice(from, made).flatMap(formsOf);
      // The longest form first, because one can contain another.
      forms = [...new Set([...forms, ...more])].sort((one, other) => other.length - one.length);
    }
    let shown = text;
    for (const form of forms) if (form.length <= shown.length) shown = shown.replaceAll(form, HIDDEN);
    return shown;
  };
}

/** The secret as a text, a part of a URL or of a JSON text, and in base64. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret, "utf8").toString("base64");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64];
}
