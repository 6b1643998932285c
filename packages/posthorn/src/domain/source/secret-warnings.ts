/** Warnings about secrets with quotation marks or white space that were probably copied by mistake. */

export interface SecretWarning {
  readonly code: "secret_quoted" | "secret_whitespace";
  /** Field of the request, such as `secrets[0]`. */
  readonly field: string;
  readonly message: string;
}

const QUOTES = "\"'`´‘’‚“”„«»‹›";
/** Invisible characters that JavaScript does not treat as white space. */
const INVISIBLE = "\\u0000\\u200b-\\u200f\\u2060";
const BLANK_END = new RegExp(`^[\\s${INVISIBLE}]|[\\s${INVISIBLE}]$`);
const BLANKS_AROUND = new RegExp(`^[\\s${INVISIBLE}]{0,100}|[\\s${INVISIBLE}]{0,100}$`, "g");

/**
 * Warning about a secret, or `null`. The secret is stored as given anyway, because a secret may start or end with any
 * character.
 */
export function secretWarnings(field: string, secret: string): readonly SecretWarning[] {
  const warnings: SecretWarning[] = [];
  // PEM keys end with a line feed.
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
