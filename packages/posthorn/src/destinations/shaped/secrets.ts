/** Hides the secrets of a configuration in texts that are recorded, such as a response that repeats the request. */
import { secretsOf } from "../../fields/config.ts";
import type { AnyKind, KindConfig } from "../kind.ts";

/** Shorter secrets could be parts of ordinary words. */
const MIN_LENGTH = 6;
const HIDDEN = "***";

/** Returns a text with its secrets replaced. */
export type Hider = (text: string) => string;

interface ConfigSecrets {
  /** All forms of the secrets, the longest first. */
  readonly forms: readonly string[];
  readonly hide: Hider;
}

/** The secrets of a configuration are hidden in every attempt. */
const known = new WeakMap<KindConfig, ConfigSecrets>();

/**
 * Secrets of a configuration, and a function that hides them and others.
 * @param more Such as those in headers of the endpoint.
 */
export function configSecrets(kind: AnyKind, config: KindConfig, more: readonly string[]): ConfigSecrets {
  let own = known.get(config);
  if (own === undefined) {
    own = hiderOf(longestFirst(secretsOf(kind, config).filter(isLong).flatMap(formsOf)));
    known.set(config, own);
  }
  return more.length === 0 ? own : hiderOf(longestFirst([...own.forms, ...more.filter(isLong).flatMap(formsOf)]));
}

function hiderOf(forms: readonly string[]): ConfigSecrets {
  return { forms, hide: (text) => withoutForms(text, forms) };
}

/**
 * Hides the credentials of one request as well. Their forms are computed only when a text is long enough to contain one: most texts are short,
 * and credentials are long.
 *
 * @param forms Forms of other secrets, the longest first.
 */
export function secretHider(credentials: readonly string[], forms: readonly string[]): Hider {
  const waiting = credentials.filter(isLong).sort((one, other) => one.length - other.length);
  let made = 0;
  let all = forms;
  return (text) => {
    const from = made;
    // No form is shorter than the secret.
    while (made < waiting.length && waiting[made]!.length <= text.length) made++;
    if (made > from) all = longestFirst([...all, ...waiting.slice(from, made).flatMap(formsOf)]);
    return withoutForms(text, all);
  };
}

function isLong({ length }: string): boolean {
  return length >= MIN_LENGTH;
}

/** The longest form is replaced first, because one can contain another. */
function longestFirst(forms: readonly string[]): readonly string[] {
  return [...new Set(forms)].sort((one, other) => other.length - one.length);
}

function withoutForms(text: string, forms: readonly string[]): string {
  let shown = text;
  for (const form of forms)
    if (form.length <= shown.length && shown.includes(form)) shown = shown.replaceAll(form, HIDDEN);
  return shown;
}

/** The secret as a text, a part of a URL or of a JSON text, and in base64. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret, "utf8").toString("base64");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64];
}
