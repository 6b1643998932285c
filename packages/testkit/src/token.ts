/** Tokens signed without the server's JWT library, so that the tests can find bugs in it. */
import { createHmac } from "node:crypto";

/** A JWT with these claims, signed with HS256. */
export function makeToken(claims: Record<string, unknown>, secret: string): string {
  const signed = `${segment({ alg: "HS256", typ: "JWT" })}.${segment(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A JWT with `alg: none`. Servers must reject it. */
export function makeUnsignedToken(claims: Record<string, unknown>): string {
  return `${segment({ alg: "none", typ: "JWT" })}.${segment(claims)}.`;
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
