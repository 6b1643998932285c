/** Tokens as others make them: signed here by hand, so that a fault of the server's own library cannot hide. */
import { createHmac } from "node:crypto";

/** A JWT with these claims, signed with HS256. */
export function makeToken(claims: Record<string, unknown>, secret: string): string {
  const signed = `${segment({ alg: "HS256", typ: "JWT" })}.${segment(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A JWT that says it needs no signature. No server may take it. */
export function makeUnsignedToken(claims: Record<string, unknown>): string {
  return `${segment({ alg: "none", typ: "JWT" })}.${segment(claims)}.`;
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
