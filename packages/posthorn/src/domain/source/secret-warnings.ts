/** Warnings about secrets that look as if something was copied along with them. */

export interface SecretWarning {
  readonly code: "secret_quoted" | "secret_whitespace";
  /** Where the secret is in the request, such as `secrets[0]`. */
  readonly field: string;
  readonly message: string;
}

const QUOTES = "\"'`´‘’‚“”„«»‹›";
/** Characters that take up no room but are not white space to JavaScript. */
const INVISIBLE = "\\u0000\\u200b-\\u200f\\u2060";
const BLANK_END = new RegExp(`^[\\s${INVISIBLE}]|[\\s${INVISIBLE}]$`);
const BLANKS_AROUND = new RegExp(`^[\\s${INVISIBLE}]{0,100}|[\\s${INVISIBLE}]{0,100}$`, "g");

/**
 * What is doubtful about a secret. It is stored as it was given all the same: a secret may begin or end with any
 * character, and only the provider knows.
 */
export function secretWarnings(field: string, secret: string): readonly SecretWarning[] {
  const warnings: SecretWarning[] = [];
  // Keys in PEM end with a line feed.
  if (secret.includes("-----BEGIN ")) return warnings;
  if (BLANK_END.test(secret)) {
    const what = /[\r\n]$/.test(secret) ? "ends with a line feed" : "begins or ends with white space";
    warnings.push(warning("secret_whitespace", field, what));
  }
  const text = secret.replace(BLANKS_AROUND, "");
  if (QUOTES.includes(text.at(0) ?? " ") || QUOTES.includes(text.at(-1) ?? " ")) {
    warnings.push(warning("secret_quoted", field, "begins or ends with a quotation mark"));
  }
  return warnings;
}

function warning(code: SecretWarning["code"], field: string, what: string): SecretWarning {
  const message = `The value of ${field} ${what}. It was saved as given. If this is a copying mistake, save the value again without it.`;
  return { code, field, message };
}
