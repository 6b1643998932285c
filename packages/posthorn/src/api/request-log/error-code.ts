/** Error codes of responses, for the log of API requests. */
import type { Reply } from "../reply.ts";

/** `code` of an error response; `validation` if it has none, and `null` for a successful one. */
export function errorCodeOf({ status, json }: Reply): string | null {
  if (status < 400) return null;
  const { code } = JSON.parse(json ?? "{}") as { readonly code?: unknown };
  return typeof code === "string" ? code : "validation";
}
