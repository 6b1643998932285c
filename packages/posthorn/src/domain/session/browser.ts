/**
 * Browsers in which a person has signed in. Their cookie proves nothing but that: attempts from such a browser have a
 * separate limit, so that strangers cannot lock a person out by guessing (OWASP, device cookies).
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { TokenIssuer } from "../ports.ts";

const PURPOSE = "posthorn known browser";

/** A new value of the cookie, for one person. */
export function newBrowser(tokens: Pick<TokenIssuer, "proof">, person: string): string {
  const name = randomBytes(16).toString("base64url");
  return `${name}.${tokens.proof(PURPOSE, `${person} ${name}`)}`;
}

/** Name of the browser, if its cookie is one of this person; `null`: it is not, or there is no cookie. */
export function knownBrowser(tokens: Pick<TokenIssuer, "proof">, person: string, cookie: string | null): string | null {
  const [name = "", proof = ""] = (cookie ?? "").split(".");
  if (!/^[\w-]{22}$/.test(name)) return null;
  const [expected, given] = [Buffer.from(tokens.proof(PURPOSE, `${person} ${name}`)), Buffer.from(proof)];
  return expected.length === given.length && timingSafeEqual(expected, given) ? name : null;
}
