import { invalid } from "../../lib/errors.ts";

const MAX_LENGTH = 254;
/** One `@`, a domain with a dot or `localhost`, and no spaces or control characters. Only sending a message to it could prove more. */
const EMAIL = /^[^\s@\p{C}<>"]{1,64}@(?:[^\s@.\p{C}<>"]+(?:\.[^\s@.\p{C}<>"]+)+|localhost)$/u;

/** The form in which an email address is stored and compared. Throws a `validation` error if the text is not an address. */
export function normaliseEmail(text: string, field = "email"): string {
  const email = text.trim().normalize("NFC").toLowerCase();
  if (email.length > MAX_LENGTH || !EMAIL.test(email)) throw invalid(field, `"${text}" is not an email address.`);
  return email;
}
