import { findMembers } from "../../lib/json-range.ts";

/** Text of a member of the body exactly as sent; `null` if it is absent or null. */
export function memberText(rawBody: Buffer, name: string): string | null {
  const text = findMembers(rawBody, [name])[name]?.toString("utf8");
  return text === undefined || text === "null" ? null : text;
}
