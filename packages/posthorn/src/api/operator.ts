/**
 * The person and machine that run a command of `posthorn`, such as `ada@build-1`, for the audit log. The command states this itself, so it
 * counts only for signed tokens of the organisation: they have every permission and identify no person.
 */
import { OPERATOR_HEADER } from "../lib/operator-header.ts";

const MAX_OPERATOR = 100;

/** @param headers Of a request with an `Authorization` header: a page in a browser must not name an operator. */
export function operatorOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const value = headers[OPERATOR_HEADER];
  if (typeof value !== "string" || headers["authorization"] === undefined) return undefined;
  const name = decoded(value).replaceAll(/\p{C}/gu, "").trim().slice(0, MAX_OPERATOR);
  return name === "" ? undefined : name;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
