import { findMembers } from "../../lib/json-range.ts";

/** The text of a member of the body exactly as it was sent; `null` when it is not there or is null. */
export function memberText(rawBody: Buffer, name: string): string | null {
  const text = findMembers(rawBody, [name])[name]?.toString("utf8");
  return text === undefined || text === "null" ? null : text;
}
