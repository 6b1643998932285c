import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import type { Route } from "./route.ts";

/**
 * Value of the warning header for an accepted body, in printable ASCII: `secret_whitespace in "secrets[0]"`. Only for the
 * compatible API, whose clients do not show unknown fields.
 */
export function bodyWarning({ operationId, warnings }: Pick<Route, "operationId" | "warnings">, body: unknown) {
  if (warnings === undefined || !COMPATIBLE_OPERATIONS.has(operationId)) return null;
  // Field names come from the schema, so they are valid in a header.
  const named = warnings(body as never).map(({ code, field }) => `${code} in "${field}"`);
  return named.length === 0 ? null : named.join("; ");
}
