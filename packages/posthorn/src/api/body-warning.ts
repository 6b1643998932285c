import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import type { Route } from "./route.ts";

/**
 * What the warning header says about an accepted body, in printable ASCII: `secret_whitespace in "secrets[0]"`. Only on
 * the compatible API, whose clients do not show fields that they do not know.
 */
export function bodyWarning({ operationId, warnings }: Pick<Route, "operationId" | "warnings">, body: unknown) {
  if (warnings === undefined || !COMPATIBLE_OPERATIONS.has(operationId)) return null;
  // Accepted field names are known ones, so that a header can hold them.
  const named = warnings(body as never).map(({ code, field }) => `${code} in "${field}"`);
  return named.length === 0 ? null : named.join("; ");
}
