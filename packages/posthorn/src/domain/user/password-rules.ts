/** Rules for new passwords: a minimum length, and an estimate of how many guesses an attacker needs. No rules on kinds of characters. */
import { invalid } from "../../lib/errors.ts";
import { onFirstUse } from "../../lib/first-use.ts";

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 256;
/** Score of `zxcvbn` from 0 to 4; 3 needs at least 10^8 guesses. */
const MIN_SCORE = 3;
/** The time of an estimate grows with the square of the length. For a longer password, only its beginning is estimated. */
const MAX_ESTIMATED_LENGTH = 64;

/** Characters that a password must have besides the words that attackers try first. */
const MIN_OWN_LENGTH = 8;

/** Words of this server, which attackers try first. */
const OWN_WORDS = ["posthorn", "webhook", "webhooks"];

/** Throws a `validation` error that says what is wrong with a new password. @param about Texts about the person, such as the email address. */
export async function checkNewPassword(password: string, about: readonly string[], field = "password"): Promise<void> {
  const length = Array.from(password).length;
  if (length < MIN_PASSWORD_LENGTH) {
    throw invalid(field, `The password has ${length} characters. It needs at least ${MIN_PASSWORD_LENGTH}.`);
  }
  if (length > MAX_PASSWORD_LENGTH) {
    throw invalid(field, `The password has ${length} characters. At most ${MAX_PASSWORD_LENGTH} are allowed.`);
  }
  const words = [...OWN_WORDS, ...about.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])]
    .map((word) => word.toLowerCase())
    .filter((word) => word.length > 2);
  const estimate = await estimator();
  const { score } = estimate.check(password.slice(0, MAX_ESTIMATED_LENGTH), words);
  if (score < MIN_SCORE || without(password.toLowerCase(), words).length < MIN_OWN_LENGTH) {
    throw invalid(
      field,
      "The password is too easy to guess: it is common, follows a pattern, or contains your name or email address. Use several unrelated words, or a password manager.",
    );
  }
}

function without(password: string, words: readonly string[]): string {
  return words.toSorted((a, b) => b.length - a.length).reduce((text, word) => text.replaceAll(word, ""), password);
}

/** The lists of common passwords take some megabytes of memory, and most processes never need them. */
const estimator = onFirstUse(async () => {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  return new ZxcvbnFactory({ dictionary: { ...dictionary }, graphs: adjacencyGraphs });
});
